using System;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>Why something that came in cannot be used, as a clause that can follow "because".</summary>
internal sealed record Fault(string Code, string What, string? Hint = null)
{
    /// <summary>In the library's own words; without an id it is nobody's in particular.</summary>
    internal ResetResult ToResult(string userId = "") => new()
    {
        Outcome = "invalid",
        Code = Code,
        Message = userId.Length == 0 ? $"Nobody was reset: {What}." : $"User '{Quote(userId)}' was not reset: {What}.",
        Hint = Hint ?? "Correct it and run the command again; nothing was sent.",
    };

    // What came from outside stands in a message: short, and without control characters.
    internal static string Quote(string text)
    {
        var shown = text.Length > 60 ? string.Concat(text.AsSpan(0, 60), "…") : text;
        return string.Create(shown.Length, shown, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++) to[i] = char.IsControl(from[i]) || char.IsSurrogate(from[i]) ? '\ufffd' : from[i];
        });
    }
}
