using System;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Takes a date in an unmistakable form only: [datetime] alone reads 01/02/2030 as the US does, and 0 as the year 1.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class MomentTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is null) return inputData!;
        var moment = Moment.Read(value);
        if (moment.Fault is { } fault)
            throw new ArgumentTransformationMetadataException($"{char.ToUpperInvariant(fault[0])}{fault[1..]}.");
        // Kept as it is, so that the command can say that a local time comes twice.
        if (value is DateTime) return value;
        if (moment.Note is not null)
        {
            var local = DateTimeOffset.FromUnixTimeSeconds(moment.Seconds).ToLocalTime().DateTime;
            return DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        }
        return Moment.ToOffset(moment.Seconds)?.UtcDateTime
            ?? throw new ArgumentTransformationMetadataException("The date is before the year 1 or after 9999.");
    }
}
