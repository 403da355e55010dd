using System;
using System.Management.Automation;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// What the results of one call mean for its streams. A failure that is everyone's is one error, and is summed up at
/// the end.
/// </summary>
internal sealed class Reporter
{
    internal required bool Detailed { get; init; }
    internal required bool PassThru { get; init; }
    internal required bool IsVerbose { get; init; }
    internal required ProgressMeter? Progress { get; init; }

    /// <summary>The code of the failure that is everyone's. Who comes after it is not tried.</summary>
    internal string? StoppedBy { get; private set; }

    private bool stopIsShown;
    private DateTime? goOnAfter;
    private int notTried, sameReason;

    internal void Stop(string? code) => StoppedBy ??= code;

    /// <summary>Takes the results in input order; the total is known once all input is there.</summary>
    internal ResetReport Report(ResetRequest request, int? total, bool sameUserMayBeReset)
    {
        // Read while the one that stopped it was still on its way, or the same user again, who was not reset.
        if (stopIsShown && request.Result!.Code != StoppedBy
            && (request.Result.Outcome == "invalid" || (request.Result.Code == "DuplicateUser" && !sameUserMayBeReset)))
            request.SettleNotTried(StoppedBy);
        var result = request.Result!;
        if (result.StopsBatch) Stop(result.Code);
        goOnAfter ??= result.GoOnAfter;

        var isStop = result.Code is not null && result.Code == StoppedBy;
        var isNotTried = result.Code == "NotTried";
        var isDuplicate = result.Code == "DuplicateUser";
        var isSameReason = isStop && stopIsShown;
        stopIsShown |= isStop;
        if (isNotTried) notTried++;
        if (isSameReason) sameReason++;

        return new ResetReport(
            Output: Detailed ? result : PassThru && result.IsReset ? true : null,
            Error: result.IsReset || isNotTried || isDuplicate || isSameReason ? null : new ResetException(result),
            Warning: isDuplicate ? $"DuplicateUser: {result.Message}" : null,
            Verbose: IsVerbose ? Describe(result) : null,
            Progress: Progress?.Count(result.IsReset, total));
    }

    internal string? ClosingWarning() =>
        notTried + sameReason == 0 ? null
        : $"Stopped because of {StoppedBy}: {(notTried == 1 ? "1 user was" : $"{notTried} users were")} not tried"
            + (sameReason == 0 ? "." : $"; {sameReason} more failed for the same reason.")
            + (goOnAfter is { } time
                ? $" The server asks to wait: go on after {Moment.Written(time)}, local time."
                : "");

    internal ProgressRecord? ClosingProgress() => Progress?.IsShown == true ? ProgressMeter.Completed() : null;

    private static string Describe(ResetResult result) =>
        $"{result.UserId}: {result.Outcome}"
        + (result.StatusCode is { } status ? $", HTTP {status}" : "")
        + (result.Attempts > 0
            ? $", {result.Attempts} {(result.Attempts == 1 ? "attempt" : "attempts")}, {result.Duration * 1000:0} ms"
            : "")
        + (result.Message is { } message ? $"; {message}" : "");
}
