# For PSScriptAnalyzer, and for editors that run it:
#   Invoke-ScriptAnalyzer -Path . -Recurse -Settings ./PSScriptAnalyzerSettings.psd1
@{
    # All default rules, and all that they have to say.
    IncludeDefaultRules = $true
    Severity            = @('Error', 'Warning', 'Information')
    Rules               = @{
        # The module is for PowerShell 7.4 and later. 7.0 is the newest version that this rule knows.
        PSUseCompatibleSyntax = @{ Enable = $true; TargetVersions = @('7.0') }
    }
}
