using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Text.Json;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>The names and values of a dictionary, a pscustomobject or JSON text.</summary>
internal static class Fields
{
    /// <summary>Null for anything else.</summary>
    internal static IEnumerable<(string Name, object? Value)>? Of(object source) => source switch
    {
        IDictionary dictionary => OfDictionary(dictionary),
        PSObject custom => custom.Properties.Select(p => (p.Name, Plain(p.Value))),
        string json => OfJson(json),
        _ => null,
    };

    private static IEnumerable<(string, object?)> OfDictionary(IDictionary dictionary)
    {
        foreach (DictionaryEntry entry in dictionary) yield return (entry.Key.ToString() ?? "", Plain(entry.Value));
    }

    private static List<(string, object?)> OfJson(string text)
    {
        using var json = JsonDocument.Parse(TrimStart(text));
        return json.RootElement.EnumerateObject().Select(p => (p.Name, Plain(p.Value))).ToList();
    }

    /// <summary>Without blanks, and without the byte order mark that a file may begin with.</summary>
    internal static string TrimStart(string text) => text.TrimStart().TrimStart('\ufeff').TrimStart();

    private static object? Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        JsonValueKind.Number => value.GetDouble(),
        _ => value.Clone(),
    };

    internal static object? Plain(object? value) => value switch
    {
        PSObject wrapped => Plain(wrapped.BaseObject),
        SwitchParameter given => given.IsPresent,
        DBNull => null,
        _ => value,
    };
}
