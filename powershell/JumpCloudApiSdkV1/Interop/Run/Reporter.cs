using System;
using System.Collections.Generic;
using System.Management.Automation;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// What the results of one call mean for its streams. A failure that is everyone's is one error, and is summed up at
/// the end.
/// </summary>
internal sealed class Reporter(
    bool isDetailed, bool passThru, bool isVerbose, bool hasJournal, ProgressMeter? progress)
{
    private bool stopIsShown;
    private DateTime? goOnAfter;
    private int notTried, sameReason, reset, unknown, others;

    /// <summary>The code of the failure that is everyone's.</summary>
    internal string? StoppedBy { get; private set; }

    internal void Stop(string? code) => StoppedBy ??= code;

    /// <summary>Takes the results in input order; the total is known once all input is there.</summary>
    internal ResetReport Report(ResetResult result, int? total)
    {
        if (result.StopsBatch) Stop(result.Code);
        goOnAfter ??= result.GoOnAfter;

        var isStop = result.Code is not null && result.Code == StoppedBy;
        var isSameReason = isStop && stopIsShown;
        // What is wrong with one of those who would not have been tried anyway is no error of its own.
        var isNotTried = result.Code == "NotTried" || (stopIsShown && result.Outcome == "invalid");
        var isDuplicate = result.Code == "DuplicateUser";
        stopIsShown |= isStop;
        if (isNotTried) notTried++;
        else if (isSameReason) sameReason++;
        if (result.IsReset) reset++;
        else if (result.Outcome == "unknown") unknown++;
        else if (!isDuplicate) others++;

        return new ResetReport
        {
            Output = isDetailed ? result : passThru && result.IsReset ? true : null,
            Error = result.IsReset || isNotTried || isDuplicate || isSameReason ? null : new ResetException(result),
            Warning = isDuplicate ? $"DuplicateUser: {result.Message}" : null,
            Verbose = isVerbose ? Describe(result) : null,
            Progress = progress?.Count(result, total),
        };
    }

    internal IEnumerable<string> ClosingWarnings()
    {
        if (notTried + sameReason > 0)
            yield return $"Stopped because of {StoppedBy}: "
                + $"{(notTried == 1 ? "1 user was" : $"{notTried} users were")} not tried"
                + (sameReason == 0 ? "." : $"; {sameReason} more failed for the same reason.")
                + (goOnAfter is { } time
                    ? $" The server asks to wait: go on after {Moment.Written(time)}, local time."
                    : "");
        if (hasJournal && unknown > 0)
            yield return $"Reset: {reset}, not reset: {others}, unknown: {unknown}. Look up those who are unknown, "
                + "then give just those of them who were not reset, with -Resume and -RetryUnknown: "
                + "see about_JumpCloudApiSdkV1.";
    }

    internal ProgressRecord? ClosingProgress() => progress?.IsShown == true ? ProgressMeter.Completed() : null;

    private static string Describe(ResetResult result) =>
        (result.Name is not { } name ? result.UserId : result.UserId.Length == 0 ? name : $"{name}, {result.UserId}")
        + $": {result.Outcome}"
        + (result.StatusCode is { } status ? $", HTTP {status}" : "")
        + (result.Attempts > 0
            ? $", {result.Attempts} {(result.Attempts == 1 ? "attempt" : "attempts")}, {result.Duration * 1000:0} ms"
            : "")
        + (result.Message is { } message ? $"; {message}" : "");
}
