using System;
using System.Collections;
using System.Management.Automation;
using System.Text.Json;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Why something that came in cannot be used, as a clause that can follow "because". It repeats nothing of what came
/// in, which may be a key in the wrong column, but the name of a field in place of {0}.
/// </summary>
internal sealed record Fault(string Code, string What, string? Hint = null, string Name = "")
{
    /// <summary>In the library's own words; without an id it is nobody's in particular.</summary>
    internal ResetResult ToResult(string userId, Func<string, string> show) => new()
    {
        Outcome = "invalid",
        Code = Code,
        Message = $"{WasNotReset(userId)}: {What.Replace("{0}", show(Name), StringComparison.Ordinal)}.",
        Hint = Hint ?? "Correct it and run the command again; nothing was sent.",
    };

    internal static string WasNotReset(string userId) =>
        string.IsNullOrWhiteSpace(userId) ? "Nobody was reset" : $"User '{userId}' was not reset";

    /// <summary>What a value is, for those who do not know .NET.</summary>
    internal static string Kind(object value) => value switch
    {
        string => "the text",
        bool => "true or false",
        sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal => "a number",
        DateTime or DateTimeOffset => "a date",
        JsonElement { ValueKind: JsonValueKind.Array } => "a list",
        JsonElement or IDictionary or PSCustomObject => "an object",
        IEnumerable => "a list",
        _ => $"an object of type {value.GetType().Name}",
    };
}
