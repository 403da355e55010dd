# How PowerShell binds each form of the command: which users are sent, or which error there is.

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $null = Start-Simulator
}
AfterAll { Stop-Simulator }

Describe 'A form that the binder refuses' {
    BeforeEach { Reset-Configuration }

    It 'is <Id>: <Form>' -ForEach @(
        @{ Form = 'R'; Id = 'MissingMandatoryParameter' }
        @{ Form = 'R ok-1'; Id = 'PositionalParameterNotFound' }
        @{ Form = 'R @{Id="ok-1"}'; Id = 'PositionalParameterNotFound' }
        @{ Form = 'R -Identity ok-1'; Id = 'NamedParameterNotFound' }
        @{ Form = 'R -Id ""'; Id = 'ParameterArgumentValidationErrorEmptyStringNotAllowed' }
        @{ Form = 'R -Id $null'; Id = 'ParameterArgumentValidationErrorEmptyStringNotAllowed' }
        @{ Form = 'R -Id ok-1,ok-2'; Id = 'ParameterArgumentTransformationError' }
        @{ Form = 'R -InputObject $null'; Id = 'ParameterArgumentValidationErrorNullNotAllowed' }
        @{ Form = 'R -Id ok-1 -Body @{exclusion=$true} -Exclusion'; Id = 'AmbiguousParameterSet' }
        @{ Form = 'R -Id ok-1 -Body @{exclusion=$true} -ExclusionDays 7'; Id = 'AmbiguousParameterSet' }
        @{ Form = 'R -Id ok-1 -InputObject $typedUser'; Id = 'AmbiguousParameterSet' }
        @{ Form = 'R -InputObject $typedUser -Body $typedBody -Exclusion'; Id = 'AmbiguousParameterSet' }
        @{ Form = 'R -Body $typedBody'; Id = 'AmbiguousParameterSet' }
        @{ Form = '$null | R'; Id = 'ParameterArgumentValidationErrorNullNotAllowed' }
        @{ Form = '$null | R -Id ok-1'; Id = 'ParameterArgumentValidationErrorNullNotAllowed' }
        @{ Form = '$typedUser | R -Id ok-1 -Exclusion'; Id = 'InputObjectNotBound' }
        @{ Form = '"ok-2" | R -Id ok-1 -Exclusion'; Id = 'InputObjectNotBound' }
        @{ Form = '@{exclusion=$true} | R -InputObject $typedUser -Exclusion'; Id = 'InputObjectNotBound' }
        @{ Form = 'R -i ok-1'; Id = 'AmbiguousParameter' }
        @{ Form = 'R -Id ok-1 -e'; Id = 'AmbiguousParameter' }
        @{ Form = 'R -Id ok-1 -p'; Id = 'AmbiguousParameter' }
        @{ Form = 'R -Id ok-1 -ex'; Id = 'AmbiguousParameter' }
        @{ Form = 'R -Id ok-1 -ExclusionDays 0'; Id = 'ParameterArgumentValidationError' }
        @{ Form = 'R -Id ok-1 -ExclusionDays 366'; Id = 'ParameterArgumentValidationError' }
        @{ Form = 'R -Id ok-1 -ThrottleLimit 257'; Id = 'ParameterArgumentValidationError' }
        @{ Form = 'R -Id ok-1 -TimeoutSec 3601'; Id = 'ParameterArgumentValidationError' }
        @{ Form = 'R -Id ok-1 -MaximumRetryCount -1'; Id = 'ParameterArgumentValidationError' }
        @{ Form = 'R -Id ok-1 -ApiKey $null'; Id = 'ParameterArgumentValidationError' }
        @{ Form = 'R -Id ok-1 -Proxy $null'; Id = 'ParameterArgumentValidationError' }
    ) {
        $result = Invoke-Form $Form
        $result.Errors.FullyQualifiedErrorId | Should -Be "$Id,Reset-JcSdkSystemUserMfa"
        Get-Arrived | Should -BeNullOrEmpty
    }
}

Describe 'A form that binds' {
    BeforeEach { Reset-Configuration }

    It 'by an abbreviation that was valid before there were more parameters: <Form>' -ForEach @(
        @{ Form = 'R -in ok-1'; Sent = 'ok-1 {}' }
        @{ Form = 'R -inp ok-1'; Sent = 'ok-1 {}' }
        @{ Form = 'R -Id ok-1 -b @{exclusion=$true}'; Sent = 'ok-1 {"exclusion":true}' }
        @{ Form = 'R -Id ok-1 -exclusionu 2030-01-02T03:04:05Z'; Sent = 'ok-1 {"exclusionUntil":"2030-01-02T03:04:05Z"}' }
        @{ Form = 'R -Id ok-1 -pass'; Sent = 'ok-1 {}'; Output = $true }
    ) {
        $result = Invoke-Form $Form
        $result.Errors | Should -BeNullOrEmpty
        $result.Output | Should -Be @($_.Output | Where-Object { $_ })
        Get-ArrivedText | Should -Be $Sent
    }

    It 'sends what can be sent, and says what is wrong with the rest: <Form>' -ForEach @(
        @{ Form = '$typedUser,$typedBody | R'; Sent = , 'ok-1 {}'; Codes = , 'Id.Invalid' }
        @{ Form = '$typedBody,$typedUser | R -Id ok-1'; Sent = , 'ok-1 {"exclusion":true}'; Codes = , 'Body.Invalid' }
        @{ Form = '@{Id="ok-1"},@{Exclusion=$true},@{Id="ok-2"} | R'; Sent = 'ok-1 {}', 'ok-2 {}'; Codes = , 'Id.Invalid' }
        @{ Form = '1,@{Id="ok-2"} | R'; Sent = , 'ok-2 {}'; Codes = , 'Id.Invalid' }
        @{ Form = '$typedUser,@{Id="ok-2";Exclusion=$true},@{Id="ok-3"} | R'; Sent = 'ok-1 {}', 'ok-2 {"exclusion":true}', 'ok-3 {}'; Codes = @() }
        @{ Form = '@{Id="ok-1";Exclusion="no"},@{Id="ok-2"} | R'; Sent = , 'ok-2 {}'; Codes = , 'Exclusion.Invalid' }
        @{ Form = '@() | R'; Sent = @(); Codes = @() }
        @{ Form = '@() | R -Id ok-1'; Sent = @(); Codes = @() }
    ) {
        $result = Invoke-Form $Form
        @($result.Errors | ForEach-Object { $_.FullyQualifiedErrorId -replace ',.*' }) | Should -Be $Codes
        Get-ArrivedText | Should -Be $Sent
    }

    It 'when another function calls it' {
        function Invoke-ByProxy { [CmdletBinding()] param([Parameter(ValueFromPipeline)]$User) process { $User | Reset-JcSdkSystemUserMfa } }
        'ok-1', 'ok-2' | Invoke-ByProxy
        Get-ArrivedText | Should -Be 'ok-1 {}', 'ok-2 {}'
    }

    It 'under the strictest settings of a caller' {
        & {
            Set-StrictMode -Version Latest
            $ErrorActionPreference = 'Stop'
            $PSModuleAutoLoadingPreference = 'None'
            $null = $PSModuleAutoLoadingPreference
            Reset-JcSdkSystemUserMfa -Id ok-1 -Exclusion -Verbose 4>$null
            'ok-2' | Reset-JcSdkSystemUserMfa -Detailed -WhatIf
        } | Should -BeNullOrEmpty
        Get-ArrivedText | Should -Be 'ok-1 {"exclusion":true}'
    }
}
