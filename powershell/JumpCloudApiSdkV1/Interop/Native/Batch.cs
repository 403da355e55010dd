using System;
using System.Threading;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>The native batch: sends what is pushed, and gives the results back in the order of the pushes.</summary>
internal sealed class Batch : IDisposable
{
    private readonly BatchHandle handle;
    private readonly CancellationTokenRegistration onStop;

    internal Batch(ClientHandle client, uint throttleLimit, CancellationToken stop)
    {
        var status = Native.jc_batch_new(client, throttleLimit, out handle);
        if (status != Native.Ok)
            throw new InvalidOperationException($"The native library made no batch (status {status}).");
        onStop = stop.Register(Cancel);
    }

    internal int Push(ResetRequest request) => request.Push(handle);

    internal void Close() => Native.jc_batch_close(handle);

    internal void Cancel() => Native.jc_batch_cancel(handle);

    /// <summary>The next result, or null when none came in that time.</summary>
    internal ResetResult? Next(uint timeoutMs)
    {
        var buffer = new Native.Buffer();
        var status = Native.jc_batch_next(handle, timeoutMs, ref buffer);
        var document = buffer.Take();
        if (status == Native.Timeout) return null;
        return document.Length > 0
            ? ResetResult.FromJson(document)
            : throw new InvalidOperationException($"The native library gave no result (status {status}).");
    }

    /// <summary>For how many milliseconds the server still holds users of this batch back.</summary>
    internal ulong HeldBack() => Native.jc_batch_held_back(handle, out var ms) == Native.Ok ? ms : 0;

    public void Dispose()
    {
        // First: it waits for a cancellation that is just running.
        onStop.Dispose();
        handle.Dispose();
    }
}
