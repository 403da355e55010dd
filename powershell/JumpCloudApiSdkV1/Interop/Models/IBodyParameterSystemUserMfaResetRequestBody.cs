using System;
using System.ComponentModel;
using JumpCloudApiSdkV1.Interop;

namespace JumpCloudApiSdkV1.Models;

/// <summary>What -Body takes.</summary>
[TypeConverter(typeof(RecordConverter))]
public interface IBodyParameterSystemUserMfaResetRequestBody
{
    bool? Exclusion { get; set; }
    DateTime? ExclusionUntil { get; set; }
}
