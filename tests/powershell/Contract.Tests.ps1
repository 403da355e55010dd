# The documented command line, by reflection: command.json is the record of what it must show.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeDiscovery {
    $contract = [IO.File]::ReadAllText("$PSScriptRoot/command.json") | ConvertFrom-Json
    $parameters = $contract.parameters.PSObject.Properties | ForEach-Object { @{ Name = $_.Name; Expected = $_.Value } }
    $types = $contract.types.PSObject.Properties | Where-Object Name -Like 'JumpCloudApiSdkV1.*' | ForEach-Object { @{ Name = $_.Name; Expected = $_.Value } }
}
BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $contract = [IO.File]::ReadAllText("$PSScriptRoot/command.json") | ConvertFrom-Json
    $command = Get-Command Reset-JcSdkSystemUserMfa
}

Describe 'The command' {
    It 'is all that the module exports' {
        $module = Get-Module JumpCloudApiSdkV1
        @($module.ExportedCommands.Keys) | Should -Be 'Reset-JcSdkSystemUserMfa'
        $module.ExportedVariables.Count + $module.ExportedAliases.Count | Should -Be 0
    }

    It 'has the documented sets, default, impact and output' {
        $command.DefaultParameterSet | Should -Be $contract.defaultParameterSet
        # A user may be given by name as well, in a set of its own.
        @($command.ParameterSets.Name | Sort-Object) | Should -Be (@($contract.parameterSets) + 'ResetViaUsernameExpanded' | Sort-Object)
        $attribute = $command.ScriptBlock.Attributes | Where-Object { $_ -is [Management.Automation.CmdletBindingAttribute] }
        $attribute.SupportsShouldProcess | Should -Be $contract.supportsShouldProcess
        "$($attribute.ConfirmImpact)" | Should -Be $contract.confirmImpact
        $attribute.PositionalBinding | Should -Be $contract.positionalBinding
        # The types of other output follow it, so that completion knows them.
        @($command.OutputType.Name)[0] | Should -Be @($contract.outputType.name)
        @($command.OutputType.Name) | Should -Be 'System.String', 'JumpCloudApiSdkV1.Models.ResetResult', 'System.Boolean'
        $command.HelpUri | Should -Match '/reset-jcsdksystemusermfa$'
    }

    It 'has -<Name> as documented' -ForEach $parameters {
        $parameter = $command.Parameters[$Name]
        $parameter.ParameterType.FullName | Should -Be $Expected.type
        @($parameter.Aliases) | Should -Be @($Expected.aliases)
        @($parameter.ParameterSets.Keys | Where-Object { $_ -ne 'ResetViaUsernameExpanded' } | Sort-Object) | Should -Be @($Expected.sets.PSObject.Properties.Name | Sort-Object)
        foreach ($set in $Expected.sets.PSObject.Properties) {
            $actual = $parameter.ParameterSets[$set.Name]
            $actual.IsMandatory | Should -Be $set.Value.mandatory
            $actual.Position | Should -Be ([int]::MinValue)
            $actual.ValueFromPipeline | Should -Be $set.Value.valueFromPipeline
            $actual.ValueFromPipelineByPropertyName | Should -Be $set.Value.valueFromPipelineByPropertyName
        }
    }

    It 'has the type <Name> as documented, and a class for it' -ForEach $types {
        $type = $Name -as [type]
        $type.IsInterface | Should -BeTrue
        @($type.GetProperties().Name | Sort-Object) | Should -Be @($Expected.PSObject.Properties.Name | Sort-Object)
        foreach ($property in $Expected.PSObject.Properties) {
            $actual = $type.GetProperty($property.Name).PropertyType
            $actual | Should -Be ($property.Value -as [type])
        }
        $class = ($Name -replace 'Models\.I', 'Models.') -as [type]
        $class::new() -is $type | Should -BeTrue
    }

    It 'says in one line what each parameter is for' {
        $silent = $command.Parameters.Values |
            Where-Object { $_.Name -notin [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters } |
            Where-Object { $_.ParameterSets.Values.HelpMessage -contains $null -or $_.ParameterSets.Values.HelpMessage -contains '' }
        $silent.Name | Should -BeNullOrEmpty
    }

    It 'shows and completes the parameters for a proxy' {
        foreach ($set in $command.ParameterSets) { "$set" | Should -Match '\[-Proxy <uri>\] \[-ProxyCredential <pscredential>\]' }
        $typed = 'Reset-JcSdkSystemUserMfa -Id ok-1 -Proxy'
        $completed = [Management.Automation.CommandCompletion]::CompleteInput($typed, $typed.Length, $null)
        $completed.CompletionMatches.CompletionText | Should -Be '-Proxy', '-ProxyCredential'
    }

    It 'completes what a result has' {
        $typed = '(Reset-JcSdkSystemUserMfa -Id ok-1 -Detailed).'
        $completed = [Management.Automation.CommandCompletion]::CompleteInput($typed, $typed.Length, $null)
        foreach ($property in [JumpCloudApiSdkV1.Models.ResetResult].GetProperties().Name) { $completed.CompletionMatches.CompletionText | Should -Contain $property }
    }

    It 'completes the files that -JournalPath may name' {
        $null = New-Item "$TestDrive/mfa.jsonl" -ItemType File
        Push-Location $TestDrive
        try { $completed = [Management.Automation.CommandCompletion]::CompleteInput('Reset-JcSdkSystemUserMfa -JournalPath mf', 40, $null) }
        finally { Pop-Location }
        $completed.CompletionMatches.ListItemText | Should -Be 'mfa.jsonl'
    }

    It 'completes -Environment' {
        $completed = [Management.Automation.CommandCompletion]::CompleteInput('Reset-JcSdkSystemUserMfa -Environment ', 38, $null)
        $completed.CompletionMatches.CompletionText | Should -Be 'STANDARD', 'EU', 'IN'
    }
}
