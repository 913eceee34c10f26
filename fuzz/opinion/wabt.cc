// wabt (libwabt, Debian package wabt) behind the interface of wabt.h.
#include "fuzz/opinion/wabt.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "wabt/binary-reader-ir.h"
#include "wabt/binary-reader.h"
#include "wabt/binary-writer.h"
#include "wabt/error.h"
#include "wabt/ir.h"
#include "wabt/stream.h"
#include "wabt/validator.h"
#include "wabt/wast-lexer.h"
#include "wabt/wast-parser.h"

extern "C" {
#include "wasm/opcode.h"
}

namespace {

wabt::Features features_of(uint32_t set) {
    wabt::Features f;
    auto has = [set](Feature feature) { return (set >> feature & 1) != 0; };
    f.set_mutable_globals_enabled(has(FEAT_MUTABLE_GLOBALS));
    f.set_sat_float_to_int_enabled(has(FEAT_SAT_FLOAT));
    f.set_sign_extension_enabled(has(FEAT_SIGN_EXT));
    f.set_simd_enabled(has(FEAT_SIMD));
    f.set_multi_value_enabled(has(FEAT_MULTI_VALUE));
    f.set_tail_call_enabled(has(FEAT_TAIL_CALL));
    f.set_bulk_memory_enabled(has(FEAT_BULK));
    f.set_reference_types_enabled(has(FEAT_REF_TYPES));
    f.set_multi_memory_enabled(has(FEAT_MULTI_MEMORY));
    f.set_extended_const_enabled(has(FEAT_EXTENDED_CONST));
    f.set_memory64_enabled(has(FEAT_MEMORY64));
    return f;
}

void first_error(const wabt::Errors &errors, char *why, size_t size) {
    if (errors.empty()) snprintf(why, size, "rejected");
    else snprintf(why, size, "%s (at byte 0x%zx)", errors[0].message.c_str(), errors[0].loc.offset);
}

}  // namespace

bool wabt_here() { return true; }

bool wabt_validate(const uint8_t *bytes, size_t n, uint32_t features, char *why, size_t why_size) {
    wabt::Features f = features_of(features);
    wabt::Errors errors;
    wabt::Module module;
    // no log, no debug names, stop at the first error, custom sections may hold anything
    wabt::ReadBinaryOptions options(f, nullptr, false, true, false);
    if (wabt::Succeeded(wabt::ReadBinaryIr("input", bytes, n, options, &errors, &module)) &&
        wabt::Succeeded(wabt::ValidateModule(&module, &errors, wabt::ValidateOptions(f))))
        return true;
    first_error(errors, why, why_size);
    return false;
}

bool wabt_assemble(const char *text, uint8_t **bytes, size_t *n, char *why, size_t why_size) {
    wabt::Features f = features_of(FEATURES_WASM3);
    wabt::Errors errors;
    auto lexer = wabt::WastLexer::CreateBufferLexer("input", text, strlen(text), &errors);
    std::unique_ptr<wabt::Module> module;
    wabt::WastParseOptions options(f);
    wabt::MemoryStream stream;
    if (wabt::Failed(wabt::ParseWatModule(lexer.get(), &module, &errors, &options)) ||
        wabt::Failed(wabt::WriteBinaryModule(&stream, module.get(), wabt::WriteBinaryOptions(f, true, false, false)))) {
        if (errors.empty()) snprintf(why, why_size, "rejected");
        else snprintf(why, why_size, "line %d: %s", errors[0].loc.line, errors[0].message.c_str());
        return false;
    }
    const auto &data = stream.output_buffer().data;
    *bytes = static_cast<uint8_t *>(malloc(data.size() + 1));
    if (!*bytes) return false;
    memcpy(*bytes, data.data(), data.size());
    *n = data.size();
    return true;
}
