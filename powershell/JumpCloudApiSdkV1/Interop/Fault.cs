using System;
using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text;
using System.Text.Json;
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
        Message = string.IsNullOrWhiteSpace(userId) ? $"Nobody was reset: {What}." : $"User '{userId}' was not reset: {What}.",
        Hint = Hint ?? "Correct it and run the command again; nothing was sent.",
    };

    /// <summary>What came from outside, to stand in a message: short, and without control characters.</summary>
    internal static string Quote(string text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= 60) return shown.Append('…').ToString();
            // Format characters would show the text in another order.
            shown.Append((Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format ? Rune.ReplacementChar : rune).ToString());
        }
        return shown.ToString();
    }

    /// <summary>What a value is, for those who do not know .NET.</summary>
    internal static string Kind(object value) => value switch
    {
        string => "a text",
        bool => "true or false",
        DateTime or DateTimeOffset => "a date",
        JsonElement { ValueKind: JsonValueKind.Array } => "a list",
        JsonElement or IDictionary or PSObject => "an object",
        IEnumerable => "a list",
        IConvertible => "a number",
        _ => $"an object of type {value.GetType().Name}",
    };
}
