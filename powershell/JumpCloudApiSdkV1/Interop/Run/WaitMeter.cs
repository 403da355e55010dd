using System;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Tells why nothing happens while the server has asked to wait: once in words, and each second as progress.
/// </summary>
internal sealed class WaitMeter
{
    // A shorter wait is over before anybody wonders.
    private const ulong LeastMs = 2000;

    private const int Interval = 1000;
    private const int ActivityId = 2;

    private ulong wholeMs;
    private long next;

    /// <summary>It has been told of a wait, and not yet of its end.</summary>
    internal bool IsShown => wholeMs > 0;

    /// <summary>What to say now, where requests are held back for so long. Null where there is nothing new.</summary>
    internal (string? Verbose, ProgressRecord? Progress) Look(ulong leftMs)
    {
        if (leftMs == 0 && IsShown)
        {
            wholeMs = 0;
            return (null, Record("Done", ProgressRecordType.Completed));
        }
        if (!IsShown && leftMs <= LeastMs) return default;
        var now = Environment.TickCount64;
        if (IsShown && now < next) return default;

        var verbose = IsShown ? null : Sentence(leftMs);
        wholeMs = Math.Max(wholeMs, leftMs);
        next = now + Interval;
        var progress = Record(Sentence(leftMs), ProgressRecordType.Processing);
        progress.SecondsRemaining = Seconds(leftMs);
        progress.PercentComplete = (int)((wholeMs - leftMs) * 100 / wholeMs);
        return (verbose, progress);
    }

    private static string Sentence(ulong leftMs) =>
        $"The server has asked to wait; nobody is sent for another {Seconds(leftMs)} s.";

    private static int Seconds(ulong ms) => (int)((ms + 999) / 1000);

    private static ProgressRecord Record(string status, ProgressRecordType type) =>
        new(ActivityId, "Waiting for the server", status) { RecordType = type };
}
