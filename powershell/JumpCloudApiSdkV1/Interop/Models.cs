using System;
using System.ComponentModel;
using System.Management.Automation;
using JumpCloudApiSdkV1.Interop;

namespace JumpCloudApiSdkV1.Models;

/// <summary>What -InputObject takes: a user, by its id.</summary>
[TypeConverter(typeof(RecordConverter))]
public interface IJumpCloudApIsIdentity
{
    string? Id { get; set; }
    string? SystemuserId { get; set; }
    string? Triggername { get; set; }
}

public class JumpCloudApIsIdentity : IJumpCloudApIsIdentity
{
    public string? Id { get; set; }
    public string? SystemuserId { get; set; }
    public string? Triggername { get; set; }
}

/// <summary>What -Body takes.</summary>
[TypeConverter(typeof(RecordConverter))]
public interface IBodyParameterSystemUserMfaResetRequestBody
{
    bool? Exclusion { get; set; }
    DateTime? ExclusionUntil { get; set; }
}

public class BodyParameterSystemUserMfaResetRequestBody : IBodyParameterSystemUserMfaResetRequestBody
{
    public bool? Exclusion { get; set; }
    public DateTime? ExclusionUntil { get; set; }
}
