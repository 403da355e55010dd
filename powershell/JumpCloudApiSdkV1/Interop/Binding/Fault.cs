using System;
using System.Collections;
using System.Management.Automation;
using System.Text.Json;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Why something that came in cannot be used, as a clause that can follow "because". It repeats nothing of what came
/// in, which may be a key in the wrong column, but the name of a field, which the library redacts.
/// </summary>
internal sealed record Fault(string Code, string What, string? Hint = null)
{
    /// <summary>Of a fault that is everyone's, and is found before there is a client to tell it.</summary>
    internal ResetResult ToResult() => new()
    {
        Outcome = "invalid",
        Code = Code,
        Message = $"Nobody was reset: {What}.",
        Hint = Hint ?? "Correct it and run the command again; nothing was sent.",
    };

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
