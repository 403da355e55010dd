using System;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>The error record that ends the command: our own failures by name, everything else as it came.</summary>
public static class Failure
{
    public static ErrorRecord From(ErrorRecord caught)
    {
        if (caught.Exception.GetBaseException() is not LibraryException library) return caught;
        return new ErrorRecord(library, library.Code, ErrorCategory.NotInstalled, null)
        {
            ErrorDetails = new ErrorDetails(library.Message) { RecommendedAction = library.Hint },
        };
    }
}
