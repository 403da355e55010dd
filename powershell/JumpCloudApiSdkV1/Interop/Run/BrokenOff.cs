using System;
using System.Collections.Generic;
using System.Linq;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// How far a call came that was broken off, and what became of the users of whom nobody has been told.
/// </summary>
internal sealed class BrokenOff
{
    private readonly ResetRequest? last;
    private readonly string[] reset, unknown, refused;
    private readonly int notSent;
    private readonly bool hasJournal;

    /// <summary>
    /// The last user who is done, those after that, and how many came in at all. Results come in the order of the
    /// input.
    /// </summary>
    internal BrokenOff(ResetRequest? last, IEnumerable<ResetRequest> untold, int seen, bool hasJournal)
    {
        (this.last, this.hasJournal) = (last, hasJournal);
        var sent = untold.Where(request => request.IsSent && request.Result?.WasDoneBefore != true)
            .ToLookup(request => request.Result?.Outcome ?? "unknown", request => request.Shown);
        (reset, unknown, refused) = (sent["reset"].ToArray(), sent["unknown"].ToArray(), sent["refused"].ToArray());
        notSent = seen - (last?.Number ?? 0) - reset.Length - unknown.Length - refused.Length;
    }

    internal bool NamesSomebody => reset.Length + unknown.Length + refused.Length > 0;

    public override string ToString() => "Stopped."
        + (last is null ? "" : $" Of the users that came in, {Done(last.Number, last.Shown)}.")
        + (reset.Length == 0 ? "" : $" These users were reset{(last is null ? "" : " as well")}, "
            + $"though their results may not have been shown: {List(reset)}.")
        + (unknown.Length == 0 ? "" : $" It is not known whether these users were reset: {List(unknown)}.")
        + (refused.Length == 0 ? "" : $" These users were refused and not reset: {List(refused)}.")
        + (notSent == 0 ? "" : $" {notSent} more {(notSent == 1 ? "was" : "were")} not sent.")
        + (hasJournal ? " Run the same command with -Resume to go on." : "");

    private static string Done(int count, string lastId) =>
        (count == 1 ? "the first is done" : $"the first {count} are done")
        + (string.IsNullOrWhiteSpace(lastId) ? "" : count == 1 ? $": {lastId}" : $"; the last of them is {lastId}");

    private static string List(string[] ids) => string.Join(", ", ids);
}
