using System;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Progress of many users, at most five times a second. How many will come is known only once all input is there.
/// </summary>
internal sealed class ProgressMeter
{
    private const int Interval = 200;
    private const int ActivityId = 1;

    private readonly long started = Environment.TickCount64;
    private long next = Environment.TickCount64 + Interval;
    private int done, failed;

    internal bool IsShown { get; private set; }

    internal ProgressRecord? Count(bool ok, int? total)
    {
        done++;
        if (!ok) failed++;
        var now = Environment.TickCount64;
        if (now < next || (total ?? done) < 2) return null;
        next = now + Interval;
        IsShown = true;

        var seconds = (now - started) / 1000.0;
        var rate = done / seconds;
        var record = new ProgressRecord(ActivityId, "Resetting TOTP MFA",
            $"{done} done, {failed} failed, {rate:0.0} a second" + (total is { } all ? $", {all} in all" : ""));
        if (total is not { } users)
        {
            // PowerShell paints a full bar where there is no percentage.
            record.PercentComplete = 0;
            return record;
        }
        record.PercentComplete = Math.Min(100, done * 100 / users);
        record.SecondsRemaining = (int)Math.Ceiling((users - done) / rate);
        return record;
    }

    internal static ProgressRecord Completed() =>
        new(ActivityId, "Resetting TOTP MFA", "Done") { RecordType = ProgressRecordType.Completed };
}
