using System;
using System.Runtime.InteropServices;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// The C ABI of include/jcsdk.h, as it is. Text goes in as NUL-terminated UTF-8 (see <see cref="Utf8"/>).
/// </summary>
internal static class Native
{
    internal const int Ok = 0, Timeout = 5, Full = 6, Closed = 8;
    internal const int ExclusionUnset = -1;
    internal const long UntilUnset = long.MinValue;
    internal const uint AllowPast = 1, ByName = 2, ByNames = 4, HostFault = 8;
    internal const uint JournalResume = 1, JournalRetryUnknown = 2, JournalReadOnly = 4;

    private const string Library = "jcsdk";

    // In the static constructor because a second registration for the same assembly throws.
    static Native() => NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, NativeLoader.Resolve);

    [DllImport(Library)] internal static extern void jc_buf_free(ref Buffer buffer);

    [DllImport(Library)] internal static extern OptionsHandle jc_options_new();
    [DllImport(Library)]
    internal static extern int jc_options_set_text(OptionsHandle options, int option, byte[] value);
    [DllImport(Library)] internal static extern int jc_options_set_int(OptionsHandle options, int option, long value);
    [DllImport(Library)]
    internal static extern int jc_options_set_env(OptionsHandle options, byte[] name, byte[]? value);
    [DllImport(Library)]
    internal static extern int jc_options_redact(OptionsHandle options, byte[] text, ref Buffer result);
    [DllImport(Library)] internal static extern void jc_options_free(IntPtr options);

    [DllImport(Library)]
    internal static extern int jc_client_new(OptionsHandle options, out ClientHandle client, ref Buffer error);
    [DllImport(Library)]
    internal static extern int jc_client_preview_reset(ClientHandle client, byte[] id, int exclusion, long until,
        uint flags, ref Buffer result);
    [DllImport(Library)]
    internal static extern int jc_client_redact(ClientHandle client, byte[] text, ref Buffer result);
    [DllImport(Library)] internal static extern void jc_client_free(IntPtr client);

    [DllImport(Library)]
    internal static extern int jc_batch_new(ClientHandle client, uint throttleLimit, out BatchHandle batch);
    [DllImport(Library)]
    internal static extern int jc_batch_set_journal(BatchHandle batch, byte[] path, uint flags, ref Buffer error);
    [DllImport(Library)]
    internal static extern int jc_batch_preview_reset(BatchHandle batch, byte[] id, int exclusion, long until,
        uint flags, ref Buffer result);
    [DllImport(Library)]
    internal static extern int jc_batch_push(BatchHandle batch, byte[] id, int exclusion, long until, uint flags,
        ulong tag);
    [DllImport(Library)] internal static extern int jc_batch_next(BatchHandle batch, uint timeoutMs, ref Buffer result);
    [DllImport(Library)] internal static extern int jc_batch_held_back(BatchHandle batch, out ulong ms);
    [DllImport(Library)] internal static extern int jc_batch_close(BatchHandle batch);
    [DllImport(Library)] internal static extern int jc_batch_cancel(BatchHandle batch);
    [DllImport(Library)] internal static extern void jc_batch_free(IntPtr batch);

    [StructLayout(LayoutKind.Sequential)]
    internal struct Buffer
    {
        private IntPtr ptr;
        private nuint len;
        private nuint cap;

        /// <summary>Copies the bytes out and gives the memory back.</summary>
        internal byte[] Take()
        {
            try
            {
                if (ptr == IntPtr.Zero) return [];
                var bytes = new byte[checked((int)len)];
                Marshal.Copy(ptr, bytes, 0, bytes.Length);
                return bytes;
            }
            finally { jc_buf_free(ref this); }
        }
    }
}
