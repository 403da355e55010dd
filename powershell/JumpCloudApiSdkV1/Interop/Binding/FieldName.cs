using System;
using System.Linq;
using System.Text.RegularExpressions;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>Which field of the request a column or property was meant to be.</summary>
internal static class FieldName
{
    private static readonly string[] Own = ["Exclusion", "ExclusionUntil", "ExclusionDays"];

    // Words for a grace period. JumpCloud's own mfaEnrollment, which is the state of an enrollment, is none of them.
    private static readonly Regex Grace = new(
        "exclu|grace|^(mfa|totp)?(until|days|deadline)$|enroll?(ment)?(days?|period|until|ends?|date|deadline)",
        RegexOptions.CultureInvariant);

    // Words for the end of one.
    private static readonly Regex Ending = new("until|end|date|period|deadline|expir", RegexOptions.CultureInvariant);

    /// <summary>
    /// Which of ours a name is or was surely meant to be, or null: to ignore it would reset the user without a grace
    /// period.
    /// </summary>
    internal static string? Meant(string name)
    {
        var letters = Letters(name);
        var near = Own.MinBy(own => Distance(letters, Letters(own)))!;
        if (Distance(letters, Letters(near)) <= 2) return near;
        if (!Grace.IsMatch(letters)) return null;
        return letters.Contains("day", StringComparison.Ordinal) ? "ExclusionDays"
            : letters.Contains("exclu", StringComparison.Ordinal) && !Ending.IsMatch(letters) ? "Exclusion"
            : "ExclusionUntil";
    }

    /// <summary>
    /// A typed user, as JumpCloud's own SDK gives, shows the present state of the user's MFA in members of this name.
    /// </summary>
    internal static bool IsOfMfa(string name) => Letters(name).StartsWith("mfa", StringComparison.Ordinal);

    /// <summary>Its letters and digits, in lower case.</summary>
    internal static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    private static int Distance(string left, string right)
    {
        if (Math.Abs(left.Length - right.Length) > 2) return int.MaxValue;
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
