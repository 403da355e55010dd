using System;
using System.Runtime.InteropServices;

namespace JumpCloudApiSdkV1.Interop;

internal abstract class NativeHandle() : SafeHandle(IntPtr.Zero, ownsHandle: true)
{
    public override bool IsInvalid => handle == IntPtr.Zero;
}
