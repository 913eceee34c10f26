# How each script begins: `. "$(dirname "$0")/begin.sh"`, then
#   begin "$@"            --help anywhere prints the comment at the script's head and does nothing else; from here on the working directory is
#                         the project's
#   from_caller PATH      prints the path as the caller means it, to whose directory relative ones belong
#   arguments MAX "$@"    no options and at most MAX arguments, or one line and exit status 2
#   bad_usage TEXT        one line, and exit status 2
#   build PRESET [TARGET...]   scripts/build, without a word unless it fails: then the end of what it said, on stderr, and exit status 3
# For bash and dash.

bad_usage() {
    echo "$(basename "$0"): $1 (--help says what it takes)" >&2
    exit 2
}

begin() {
    local argument
    for argument in "$@"; do
        case $argument in
        -h | --help) sed -n -e 1d -e '/^[^#]/q' -e '/^$/q' -e 's/^# \{0,1\}//p' "$0"; exit 0 ;;
        esac
    done
    caller=$PWD
    case ${PARALLAX_TESTSUITE:-/} in
    /*) ;;
    *) PARALLAX_TESTSUITE=$caller/$PARALLAX_TESTSUITE; export PARALLAX_TESTSUITE ;;
    esac
    cd "$(dirname "$0")/.." || exit 3
}

from_caller() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) if [ "$caller" = "$PWD" ]; then printf '%s\n' "$1"; else printf '%s\n' "$caller/$1"; fi ;;
    esac
}

arguments() {
    local most=$1 argument
    shift
    for argument in "$@"; do
        case $argument in -*) bad_usage "no option is called $argument" ;; esac
    done
    [ $# -le "$most" ] || bad_usage "it takes no more than $most arguments"
}

build() {
    local said
    [ -f "build/$1/build.ninja" ] || [ ! -t 2 ] || echo "building $1, which takes minutes the first time" >&2
    said=$(scripts/build "$@" 2>&1) && return
    printf '%s\n' "$said" | tail -n 30 >&2
    echo "$(basename "$0"): the build of $1 failed" >&2
    exit 3
}
