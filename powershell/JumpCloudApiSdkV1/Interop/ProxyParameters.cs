using System;
using System.Collections.ObjectModel;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// -Proxy and -ProxyCredential, as dynamic parameters: the binder matches abbreviations with the others first,
/// so that -p goes on meaning -PassThru.
/// </summary>
public static class ProxyParameters
{
    public static RuntimeDefinedParameterDictionary Create() => new()
    {
        ["Proxy"] = Parameter("Proxy", typeof(Uri), "An http proxy for this call, as in http://proxy.example:3128.", new ValidateNotNullAttribute()),
        ["ProxyCredential"] = Parameter("ProxyCredential", typeof(PSCredential), "User and password for the proxy.", new CredentialAttribute()),
    };

    private static RuntimeDefinedParameter Parameter(string name, Type type, string help, params Attribute[] more) =>
        new(name, type, new Collection<Attribute>([new ParameterAttribute { HelpMessage = help }, .. more]));
}
