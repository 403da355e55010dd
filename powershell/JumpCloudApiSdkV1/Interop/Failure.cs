using System;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>The error record that ends the command: our own failures by name, everything else as it came.</summary>
internal static class Failure
{
    internal static ErrorRecord NobodyToAsk(string userId, Exception cause) =>
        new(cause, "Confirmation.NotPossible", ErrorCategory.InvalidOperation, userId)
        {
            ErrorDetails = new ErrorDetails($"{Fault.WasNotReset(userId)}: nobody could be asked to confirm it.")
            {
                RecommendedAction = "Run the command where a prompt can be shown, or with -Confirm:$false; nothing was sent.",
            },
        };

    internal static ErrorRecord From(Exception cause)
    {
        if (cause.GetBaseException() is LibraryException library)
            return new ErrorRecord(library, library.Code, ErrorCategory.NotInstalled, null)
            {
                ErrorDetails = new ErrorDetails(library.Message) { RecommendedAction = library.Hint },
            };
        return cause is IContainsErrorRecord { ErrorRecord: { } record }
            ? new ErrorRecord(record, cause)
            : new ErrorRecord(cause, cause.GetType().Name, ErrorCategory.NotSpecified, null);
    }
}
