@{
    RootModule           = 'JumpCloudApiSdkV1.psm1'
    # build.ps1 puts the version of Cargo.toml here, what CHANGELOG.md says of it under ReleaseNotes, and its own shell's
    # version under PowerShellVersion where it must.
    ModuleVersion        = '0.0.0'
    GUID                 = '5f1e5d1c-8f0b-4c7e-9a53-6d1d8a0c7f42'
    Author               = 'The jcsdk contributors'
    CompanyName          = 'Community'
    Copyright            = '(c) The jcsdk contributors. MIT licence.'
    Description          = "Resets a JumpCloud user's TOTP MFA and says exactly what happened."
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    RequiredAssemblies   = @('JumpCloudApiSdkV1.Interop.dll')
    FormatsToProcess     = @('JumpCloudApiSdkV1.Format.ps1xml')
    FunctionsToExport    = @('Reset-JcSdkSystemUserMfa')
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            # New-Package.ps1 adds the systems that a package is for.
            Tags         = @('PSModule', 'PSEdition_Core', 'PSIncludes_Function', 'PSFunction_Reset-JcSdkSystemUserMfa', 'PSCommand_Reset-JcSdkSystemUserMfa', 'JumpCloud', 'MFA', 'TOTP')
            LicenseUri   = 'https://opensource.org/license/mit'
            ReleaseNotes = 'CHANGELOG'
        }
    }
}
