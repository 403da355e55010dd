using System;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>The error record that ends the command: our own failures by name, everything else as it came.</summary>
internal static class Failure
{
    internal static ErrorRecord NobodyToAsk(PSCmdlet cmdlet, string userId, Exception cause) =>
        new(cause, "Confirmation.NotPossible", ErrorCategory.InvalidOperation, userId)
        {
            ErrorDetails = Advice.With(
                $"Nobody could be asked to confirm the reset of user '{userId}'; it was not done.",
                "Run the command where a prompt can be shown, or with -Confirm:$false; nothing was sent.",
                Advice.IsShown(cmdlet)),
        };

    internal static ErrorRecord From(PSCmdlet cmdlet, Exception cause)
    {
        if (cause.GetBaseException() is LibraryException library)
            return new ErrorRecord(library, library.Code, ErrorCategory.NotInstalled, null)
            {
                ErrorDetails = Advice.With(library.Message, library.Hint, Advice.IsShown(cmdlet)),
            };
        return cause is IContainsErrorRecord { ErrorRecord: { } record }
            ? new ErrorRecord(record, cause)
            : new ErrorRecord(cause, cause.GetType().Name, ErrorCategory.NotSpecified, null);
    }
}
