// Resets one user.
//
//     npm ci && node reset.js ID      the key is in JCApiKey
//
// Exit status: 0 if the user was reset, 1 if not, 2 for a wrong call or configuration.
// Loads the library from the path in JCSDK_LIBRARY, else libjcsdk.so.1 from where the loader finds it.
import { promisify } from "node:util";
import koffi from "koffi";

const INVALID = 1;
const EXCLUSION_UNSET = -1;
const UNTIL_UNSET = -(2n ** 63n);

const lib = koffi.load(process.env.JCSDK_LIBRARY ?? "libjcsdk.so.1");
const Buffer = koffi.struct("jc_buf", { ptr: "uint8_t *", len: "size_t", cap: "size_t" });
const freeBuffer = lib.func("void jc_buf_free(_Inout_ jc_buf *buf)");
// Runs on a thread of koffi's, so that the event loop goes on.
const resetUser = promisify(
  lib.func("int32_t jc_reset_system_user_mfa(const char *id, int32_t exclusion, int64_t until, _Out_ jc_buf *out)").async,
);

async function reset(id) {
  // C text ends at a NUL, and an id that is cut there may be that of another user.
  if (id.includes("\0")) throw new TypeError("an id must not contain a NUL");
  const buffer = {};
  const status = await resetUser(id, EXCLUSION_UNSET, UNTIL_UNSET, buffer);
  try {
    return { status, ...JSON.parse(koffi.decode(buffer.ptr, "char", Number(buffer.len))) };
  } finally {
    freeBuffer(buffer);
  }
}

const ids = process.argv.slice(2);
if (ids.length !== 1) {
  console.error("usage: node reset.js ID");
  process.exitCode = 2;
} else {
  const result = await reset(ids[0]);
  if (result.outcome === "reset") {
    console.log(`${ids[0]} is reset`);
  } else {
    console.error(`${result.message} ${result.hint}`);
    process.exitCode = result.status === INVALID ? 2 : 1;
  }
}
