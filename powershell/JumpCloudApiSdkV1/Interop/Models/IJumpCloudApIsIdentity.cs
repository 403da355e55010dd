using System.ComponentModel;
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
