namespace JumpCloudApiSdkV1.Interop;

internal sealed class BatchHandle : NativeHandle
{
    protected override bool ReleaseHandle() { Native.jc_batch_free(handle); return true; }
}
