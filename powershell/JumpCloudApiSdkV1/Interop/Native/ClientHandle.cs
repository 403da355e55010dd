namespace JumpCloudApiSdkV1.Interop;

internal sealed class ClientHandle : NativeHandle
{
    protected override bool ReleaseHandle() { Native.jc_client_free(handle); return true; }
}
