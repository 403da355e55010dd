using System;

namespace JumpCloudApiSdkV1.Models;

public class BodyParameterSystemUserMfaResetRequestBody : IBodyParameterSystemUserMfaResetRequestBody
{
    public bool? Exclusion { get; set; }
    public DateTime? ExclusionUntil { get; set; }
}
