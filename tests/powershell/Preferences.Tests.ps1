# The caller's preferences apply in every scope that calls the command. Its parameters take precedence.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeDiscovery {
    # Each way sets $name to $value somewhere above the call, and then calls $call.
    $ways = @(
        @{ Way = 'the global scope'; Script = '$global:{0} = {1}; {2}' }
        @{ Way = 'a script block'; Script = '& {{ ${0} = {1}; {2} }}' }
        @{ Way = 'a function'; Script = 'function F {{ ${0} = {1}; {2} }}; F' }
        @{ Way = 'a function of another module'; Script = 'New-Module {{ function F {{ ${0} = {1}; {2} }} }} | Import-Module; F' }
        @{ Way = 'another module''s scope'; Script = 'New-Module {{ ${0} = {1}; function F {{ {2} }} }} | Import-Module; F' }
        @{ Way = 'a script'; Script = '[IO.File]::WriteAllText("$env:TEST_DRIVE/caller.ps1", ''${0} = {1}; {2}''); & "$env:TEST_DRIVE/caller.ps1"' }
    )
}
BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $null = Start-Simulator
    function Invoke-Way([string]$Name, [string]$Value, [string]$Call) {
        $result = Invoke-Runspace ($Script -f $Name, $Value, $Call)
        @($result.Output; $result.Thrown; $result.Errors; $result.Warnings; $result.Verbose) -join "`n"
    }
    $env:TEST_DRIVE = $TestDrive
}
AfterAll { Stop-Simulator }

Describe 'A preference set in <Way>' -ForEach $ways {
    BeforeEach { Reset-Configuration }

    It 'WhatIfPreference: nothing is sent' {
        $text = Invoke-Way WhatIfPreference '$true' -Call 'R -Id ok-1 -PassThru'
        Get-Arrived | Should -BeNullOrEmpty
        $text | Should -Not -Match 'True'
    }

    It '-WhatIf:$false takes precedence' {
        $null = Invoke-Way WhatIfPreference '$true' -Call 'R -Id ok-1 -WhatIf:$false'
        Get-ArrivedText | Should -Be 'ok-1 {}'
    }

    It 'ConfirmPreference: asks, which nobody can answer here' {
        Invoke-Way ConfirmPreference '"Medium"' -Call 'R -Id ok-1' | Should -Match 'Nobody could be asked'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'ErrorActionPreference Stop: the next user is not tried' {
        Set-Fault bad '[{"status":404}]'
        $null = Invoke-Way ErrorActionPreference '"Stop"' -Call '"bad","ok-1" | R'
        Get-ArrivedText | Should -Be 'bad {}'
    }

    It 'ErrorActionPreference SilentlyContinue: nothing is shown' {
        Set-Fault bad '[{"status":404}]'
        Invoke-Way ErrorActionPreference '"SilentlyContinue"' -Call 'R -Id bad' | Should -BeNullOrEmpty
        Get-ArrivedText | Should -Be 'bad {}'
    }

    It 'VerbosePreference: shows what is sent' {
        (Invoke-Way VerbosePreference '"Continue"' -Call 'R -Id ok-1') -replace '\s+' | Should -Match 'POSThttps://localhost:\d+/api/systemusers/ok-1/resetmfa\{\}'
    }

    It 'WarningPreference: no warning' {
        Invoke-Way WarningPreference '"SilentlyContinue"' -Call '"ok-1","ok-1" | R' | Should -BeNullOrEmpty
        Invoke-Way WarningPreference '"Continue"' -Call '"ok-1","ok-1" | R' | Should -Match 'DuplicateUser'
    }
}

Describe 'A common parameter of a calling function' {
    BeforeEach { Reset-Configuration }

    It '<_> reaches the command' -ForEach '-WhatIf', '-Confirm' {
        $null = Invoke-Runspace "function F { [CmdletBinding(SupportsShouldProcess, ConfirmImpact='Medium')] param() R -Id ok-1 }; F $_"
        Get-Arrived | Should -BeNullOrEmpty
    }
}

Describe 'A runspace without preference variables' {
    BeforeEach { Reset-Configuration }

    It 'has the defaults of the shell' {
        $state = [initialsessionstate]::CreateDefault()
        foreach ($name in @($state.Variables.Name -like '*Preference'; 'ErrorView')) { $state.Variables.Remove($name, $null) }
        Set-Fault bad '[{"status":404}]'
        $result = Invoke-Runspace '"ok-1","bad","ok-1" | R -Detailed; Get-Variable *Preference' -State $state
        $result.Output.Outcome | Should -Be 'reset', 'refused', 'cancelled'
        $result.Errors | Should -HaveCount 1
        $result.Errors[0] | Should -Match '^User ''bad'' was not reset'
        $result.Warnings | Should -Match '^DuplicateUser: '
        Get-ArrivedText | Should -Be 'ok-1 {}', 'bad {}'
    }
}

Describe 'A preference that ends the command' {
    BeforeEach {
        Reset-Configuration
        Reset-JcSdkSystemUserMfa -Id ok-9 # so that the key is accepted
        Clear-Arrived
        foreach ($n in 1..4) { Set-Fault "slow-$n" '[{"delayMs":250}]' }
        foreach ($n in 1..4) { Set-Fault "unknown-$n" '[{"delayMs":250,"status":502}]' }
    }

    It 'does so only after the outcome of each user was written: <_>' -ForEach @(
        '"unknown-1","unknown-2","unknown-3" | R -ProgressAction Stop'
        '"unknown-1","unknown-2","unknown-3" | R -ProgressAction Inquire'
        '"unknown-1","slow-2","unknown-3","unknown-4" | R -ProgressAction Stop -Detailed -ThrottleLimit 4'
        '"unknown-1","slow-2","unknown-3","unknown-4" | R -ProgressAction Inquire -Detailed -ThrottleLimit 4'
        '"unknown-1","unknown-2" | R -ErrorAction Inquire'
        '"slow-1","slow-1","slow-2","unknown-3" | R -Detailed -WarningAction Stop -ThrottleLimit 4'
        '"slow-1","slow-1","slow-2","unknown-3" | R -Detailed -WarningAction Inquire -ThrottleLimit 4'
    ) {
        $result = Invoke-Runspace $_
        # The preference has ended the command.
        $result.Thrown ?? $result.Errors[-1] | Should -Match 'is set to Stop|does not support user interaction'
        $told = @($result.Output.UserId; $result.Errors.TargetObject; $result.Warnings) -join ' '
        $arrived = @((Get-Arrived).id)
        $arrived.Count | Should -BeGreaterThan 0
        $arrived | Where-Object { $told -notmatch $_ } | Should -BeNullOrEmpty
    }

    It 'does so before anybody is sent if it is VerbosePreference: <_>' -ForEach 'Stop', 'Inquire' {
        $result = Invoke-Runspace "`$VerbosePreference = '$_'; 'slow-1','slow-2' | R"
        $result.Thrown ?? $result.Errors[-1] | Should -Match 'is set to Stop|does not support user interaction'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'is none of the other values of -ProgressAction: <_>' -ForEach 'Continue', 'SilentlyContinue', 'Ignore' {
        $result = Invoke-Runspace "'slow-1','slow-2' | R -ProgressAction $_ -PassThru"
        $result.Output | Should -Be $true, $true
        $result.Thrown | Should -BeNullOrEmpty
        $result.Errors | Should -BeNullOrEmpty
    }
}
