namespace JumpCloudApiSdkV1.Interop;

internal sealed class OptionsHandle : NativeHandle
{
    protected override bool ReleaseHandle() { Native.jc_options_free(handle); return true; }
}
