/* A campaign's child process, and the memory it shares with its parent. */
#pragma once
#include <sys/types.h>
#include "a64/target.h"
#include "base/os.h"
#include "fuzz/campaign/campaign.h"
#include "x64/target.h"

/* A seed whose leg hangs that counts no fuel is run with fuel besides. */
typedef enum WithFuel { FUEL_NOT_YET, FUEL_NOW, FUEL_TRIED } WithFuel;

/* Written by the child; by the parent while the child is gone. */
typedef struct CampaignSlot {
    uint32_t busy; /* it has a seed in hand; release and acquire */
    uint32_t leg;  /* being run; UINT32_MAX: none */
    uint64_t seed;
    OsTime since;        /* the leg, or what comes before the first one, began */
    uint32_t explains;   /* it waits for an explanation; release and acquire */
    uint32_t skip, hung; /* legs that took the process down, or did not come back, on this seed */
    bool mutant;         /* at work on a mutant of the seed's case: the legs that were lost were so with that one */
    uint32_t kills;      /* times that somebody killed the process on this seed */
    bool again;          /* run this seed once more before the next one */
    WithFuel with_fuel;
    uint32_t x64[X64_RULE_COUNT], a64[A64_RULE_COUNT]; /* times a rule of lowering was used */
    Tally tally;
} CampaignSlot;

typedef struct CampaignShared {
    uint64_t next, end; /* first seed nobody has taken; where to stop */
    uint32_t stop;
    uint64_t places; /* taken of CampaignOptions.finds: by findings that have been or are being written */
    char lacks[300];
    CampaignSlot slot[CAMPAIGN_MAX_JOBS];
} CampaignShared;

/* Write a finding where there is a place left for one: no more are written than were asked for.  The one that takes the
 * last place ends the campaign. */
FindingStatus campaign_write(const CampaignOptions *o, CampaignShared *sh, const Finding *f, char path[FINDING_PATH]);

/* Exit status 0: told to stop, or all seeds are taken.  1: cannot run here, one line on stderr. */
_Noreturn void campaign_child(const CampaignOptions *o, CampaignShared *sh, uint32_t number, uint32_t jobs,
                              pid_t parent);
