namespace JumpCloudApiSdkV1.Models;

public class JumpCloudApIsIdentity : IJumpCloudApIsIdentity
{
    public string? Id { get; set; }
    public string? SystemuserId { get; set; }
    public string? Triggername { get; set; }
}
