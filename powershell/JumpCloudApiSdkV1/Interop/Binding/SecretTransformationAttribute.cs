using System;
using System.Management.Automation;
using System.Security;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>Refuses plain text without repeating it, which the binder's own message would.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class SecretTransformationAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            null or SecureString { Length: > 0 } => inputData!,
            SecureString => throw new ArgumentTransformationMetadataException("The key is empty."),
            _ => throw new ArgumentTransformationMetadataException(
                "The key must be a SecureString, so that it does not show in scripts, history and errors; "
                + "for example (Read-Host -AsSecureString)."),
        };
}
