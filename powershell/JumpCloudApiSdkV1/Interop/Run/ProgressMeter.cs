using System;
using System.Management.Automation;
using JumpCloudApiSdkV1.Models;

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
    private int done, failed, doneBefore;

    internal bool IsShown { get; private set; }

    internal ProgressRecord? Count(ResetResult result, int? total)
    {
        if (result.WasDoneBefore) doneBefore++;
        else done++;
        if (!result.IsReset) failed++;
        var now = Environment.TickCount64;
        if (now < next || (total ?? done + doneBefore) < 2) return null;
        next = now + Interval;
        IsShown = true;

        var seconds = (now - started) / 1000.0;
        var rate = done / seconds;
        var record = new ProgressRecord(ActivityId, "Resetting TOTP MFA",
            $"{done} done, {failed} failed, {rate:0.0} a second"
            + (doneBefore > 0 ? $", {doneBefore} reset by an earlier run" : "")
            + (total is { } all ? $", {all} in all" : ""));
        if (total is not { } users)
        {
            // PowerShell paints a full bar where there is no percentage.
            record.PercentComplete = 0;
            return record;
        }
        record.PercentComplete = Math.Min(100, (done + doneBefore) * 100 / users);
        if (done > 0) record.SecondsRemaining = (int)Math.Ceiling((users - done - doneBefore) / rate);
        return record;
    }

    internal static ProgressRecord Completed() =>
        new(ActivityId, "Resetting TOTP MFA", "Done") { RecordType = ProgressRecordType.Completed };
}
