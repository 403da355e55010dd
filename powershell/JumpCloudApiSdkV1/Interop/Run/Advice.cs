using System;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// What to do about an error. PowerShell shows it by itself since 7.5, and only in its ConciseView. Elsewhere it
/// follows the message on a line of its own, which looks the same.
/// </summary>
internal static class Advice
{
    /// <summary>A test may switch it off, to see what an older shell shows.</summary>
    internal static bool ShellShowsIt { get; set; } = typeof(PSObject).Assembly.GetName().Version >= new Version(7, 5);

    /// <summary>Whether the shell will show it. Which view a remote or later reader has, nobody knows.</summary>
    internal static bool IsShown(PSCmdlet cmdlet) =>
        ShellShowsIt && (cmdlet.GetVariableValue("ErrorView")?.ToString() ?? "ConciseView") == "ConciseView";

    internal static ErrorDetails With(string message, string? advice, bool isShown) =>
        new(isShown || string.IsNullOrEmpty(advice)
            ? message
            : $"{message}{Environment.NewLine}  Recommendation: {advice}")
        {
            RecommendedAction = advice ?? "",
        };
}
