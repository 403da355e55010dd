using System.Collections.Generic;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// The category of the error record for each code that a result may have, in the order of include/jcsdk.h.
/// </summary>
internal static class ErrorCategories
{
    private static readonly Dictionary<string, ErrorCategory> ByCode = new()
    {
        ["Argument.Invalid"] = ErrorCategory.InvalidArgument,
        ["Id.Invalid"] = ErrorCategory.InvalidArgument,
        ["Name.Invalid"] = ErrorCategory.InvalidArgument,
        ["Body.Invalid"] = ErrorCategory.InvalidArgument,
        ["User.Ambiguous"] = ErrorCategory.InvalidArgument,
        ["Exclusion.Invalid"] = ErrorCategory.InvalidArgument,
        ["ExclusionUntil.Invalid"] = ErrorCategory.InvalidArgument,
        ["ExclusionUntil.Past"] = ErrorCategory.InvalidArgument,
        ["ExclusionUntil.TooFar"] = ErrorCategory.InvalidArgument,
        ["Key.Missing"] = ErrorCategory.AuthenticationError,
        ["Key.Invalid"] = ErrorCategory.InvalidArgument,
        ["Environment.Invalid"] = ErrorCategory.InvalidArgument,
        ["Url.Invalid"] = ErrorCategory.InvalidArgument,
        ["Configuration.Invalid"] = ErrorCategory.InvalidArgument,
        ["Tls.NoAuthorities"] = ErrorCategory.SecurityError,
        ["Auth.Refused"] = ErrorCategory.AuthenticationError,
        ["Auth.LoginRedirect"] = ErrorCategory.AuthenticationError,
        ["Organization.Required"] = ErrorCategory.AuthenticationError,
        ["Permission.Refused"] = ErrorCategory.PermissionDenied,
        ["User.NotFound"] = ErrorCategory.ObjectNotFound,
        ["Lookup.Failed"] = ErrorCategory.ResourceUnavailable,
        ["Lookup.NotExact"] = ErrorCategory.ProtocolError,
        ["Url.Suspect"] = ErrorCategory.ObjectNotFound,
        ["Request.Refused"] = ErrorCategory.InvalidOperation,
        ["RateLimit.Exceeded"] = ErrorCategory.LimitsExceeded,
        ["Service.Unavailable"] = ErrorCategory.ResourceUnavailable,
        ["Redirect.Refused"] = ErrorCategory.SecurityError,
        ["Connection.Refused"] = ErrorCategory.ConnectionError,
        ["Connection.NotMade"] = ErrorCategory.ConnectionError,
        ["Name.NotFound"] = ErrorCategory.ConnectionError,
        ["Name.LookupFailed"] = ErrorCategory.ConnectionError,
        ["Tls.NotTrusted"] = ErrorCategory.SecurityError,
        ["Proxy.Refused"] = ErrorCategory.ConnectionError,
        ["Answer.TimedOut"] = ErrorCategory.OperationTimeout,
        ["Answer.Lost"] = ErrorCategory.ConnectionError,
        ["Answer.NotUnderstood"] = ErrorCategory.ProtocolError,
        ["Server.Failed"] = ErrorCategory.ResourceUnavailable,
        ["NotTried"] = ErrorCategory.OperationStopped,
        ["DuplicateUser"] = ErrorCategory.InvalidArgument,
        ["Cancelled"] = ErrorCategory.OperationStopped,
        ["Journal.AlreadyReset"] = ErrorCategory.NotSpecified, // beside the outcome reset
        ["Journal.Unfinished"] = ErrorCategory.OperationStopped,
        ["Journal.InUse"] = ErrorCategory.ResourceBusy,
        ["Journal.NotLockable"] = ErrorCategory.WriteError,
        ["Journal.Unreadable"] = ErrorCategory.ReadError,
        ["Journal.Mismatch"] = ErrorCategory.InvalidArgument,
        ["Journal.NotWritten"] = ErrorCategory.WriteError,
        ["Internal.NotSent"] = ErrorCategory.NotSpecified,
        ["Internal.Panic"] = ErrorCategory.NotSpecified,
    };

    internal static ErrorCategory Of(string? code) =>
        code is not null && ByCode.TryGetValue(code, out var category) ? category : ErrorCategory.NotSpecified;
}
