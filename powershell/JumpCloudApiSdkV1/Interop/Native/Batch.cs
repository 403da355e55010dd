using System;
using System.Management.Automation;
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

    /// <summary>It has taken a user to send.</summary>
    internal bool IsUsed { get; private set; }

    /// <summary>Has it keep a journal. Otherwise says why it has none.</summary>
    internal ResetResult? SetJournal(JournalSettings journal)
    {
        var error = new Native.Buffer();
        var status = Native.jc_batch_set_journal(handle, journal.Path, journal.Flags, ref error);
        var document = error.Take();
        return status == Native.Ok ? null : ResetResult.FromJson(document);
    }

    /// <summary>What <see cref="Push"/> would do: true with what would be sent, false with the result.</summary>
    internal bool Preview(byte[] user, int exclusion, long until, uint flags, out byte[] document)
    {
        var buffer = new Native.Buffer();
        var status = Native.jc_batch_preview_reset(handle, user, exclusion, until, flags, ref buffer);
        document = buffer.Take();
        ThrowIfStopped(status);
        return status == Native.Ok;
    }

    /// <summary>False where a result has to be taken first.</summary>
    internal bool Push(byte[] user, int exclusion, long until, uint flags, bool isSent)
    {
        var status = Native.jc_batch_push(handle, user, exclusion, until, flags, tag: 0);
        ThrowIfStopped(status);
        if (status is not (Native.Ok or Native.Full))
            throw new InvalidOperationException($"The native library took no request (status {status}).");
        IsUsed |= isSent && status == Native.Ok;
        return status == Native.Ok;
    }

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

    // The stop token has cancelled it.
    private static void ThrowIfStopped(int status)
    {
        if (status == Native.Closed) throw new PipelineStoppedException();
    }
}
