# When the server asks to wait, the user is told why nothing happens and when to continue.

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $null = Start-Simulator
}
AfterAll { Stop-Simulator }

Describe 'A wait of more than two seconds' {
    BeforeEach {
        Reset-Configuration
        Set-Fault later '[{"status":429,"headers":{"retry-after":"3"}}]'
    }

    It 'is shown once in the verbose stream and each second as progress: <_>' -ForEach @(
        'R -Id later -Detailed -Verbose'
        '"later","ok-1" | R -Detailed -Verbose'
        '"later","ok-1" | R -Detailed -Verbose -ThrottleLimit 4'
    ) {
        $result = Invoke-Runspace $_
        $result.Thrown | Should -BeNullOrEmpty
        $result.Output.Outcome | Select-Object -Unique | Should -Be 'reset'
        @($result.Verbose -like 'The server has asked to wait*') | Should -Match '^The server has asked to wait; nobody is sent for another [34] s\.$'
        @($result.Verbose -like 'The server has asked to wait*').Count | Should -Be 1

        $waits = @($result.Progress | Where-Object Activity -EQ 'Waiting for the server')
        $waits.Count | Should -BeIn 4, 5
        $waits[-1].RecordType | Should -Be 'Completed'
        $shown = $waits[0..($waits.Count - 2)]
        $shown.RecordType | Select-Object -Unique | Should -Be 'Processing'
        # Fewer seconds and a longer bar each time.
        $shown.SecondsRemaining | Should -Be @($shown.SecondsRemaining | Sort-Object -Descending -Unique)
        $shown.PercentComplete | Should -Be @($shown.PercentComplete | Sort-Object -Unique)
        $shown[0].StatusDescription | Should -Be "The server has asked to wait; nobody is sent for another $($shown[0].SecondsRemaining) s."
    }

    It 'that an earlier call has left is shown by the next call' {
        $result = Invoke-Runspace 'try { R -Id later -ProgressAction Stop } catch { $null = $_ }; R -Id ok-1 -Detailed -Verbose'
        $result.Output.Outcome | Should -Be 'reset'
        @($result.Verbose -like 'The server has asked to wait*').Count | Should -Be 1
        $result.Output.Duration | Should -BeGreaterThan 2
    }

    It 'is not shown if it is shorter' {
        Set-Fault soon '[{"status":429,"headers":{"retry-after":"1"}}]'
        $result = Invoke-Runspace 'R -Id soon -Detailed -Verbose'
        $result.Output.Outcome | Should -Be 'reset'
        $result.Verbose | Should -Not -Match 'asked to wait'
        $result.Progress | Should -BeNullOrEmpty
    }

    It 'loses nobody when a preference ends the command: <_>' -ForEach '-ProgressAction Stop', '-ProgressAction Inquire' {
        Set-Fault slow '[{"delayMs":2000}]'
        Set-Fault slow-too '[{"delayMs":60000}]'
        $result = Invoke-Runspace "R -Id ok-9; 'slow-too','slow','later','ok-1' | R -Detailed -ThrottleLimit 4 $_"
        $result.Thrown ?? $result.Errors[-1] | Should -Match 'is set to Stop|does not support user interaction'
        $told = @($result.Output.UserId; $result.Errors.TargetObject; $result.Warnings) -join ' '
        foreach ($id in 'slow-too', 'slow') { $told | Should -Match $id }
    }
}

Describe 'A wait that is longer than the time limit of a user' {
    BeforeEach { Reset-Configuration }

    It 'stops the rest, and the warning says when to continue: <Status>, throttle limit <Limit>' -ForEach @(
        @{ Status = 429; Code = 'RateLimit.Exceeded'; Limit = 1; Seconds = 20 }
        @{ Status = 503; Code = 'Service.Unavailable'; Limit = 4; Seconds = 21 }
    ) {
        # Each with a time limit of its own, and so with a client that nobody has asked to wait yet.
        Set-Fault later "[{`"status`":$Status,`"headers`":{`"retry-after`":`"600`"}}]"
        $before = [datetime]::Now.AddSeconds(600)
        # Slow ones, so that some are still to be sent when the answer comes.
        foreach ($n in 1..8) { Set-Fault "slow-$n" '[{"delayMs":200}]' }
        $result = Invoke-Form "'ok-9','later',(1..8 | ForEach-Object { `"slow-`$_`" }) | ForEach-Object { `$_ } | R -Detailed -ThrottleLimit $Limit -TimeoutSec $Seconds"
        $result.Warnings[-1] | Should -Match "^Stopped because of ${Code}: .* The server asks to wait: go on after (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d), local time\.`$"
        $null = $result.Warnings[-1] -match '(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d), local'
        $time = [datetime]::ParseExact($Matches[1], 'yyyy-MM-dd HH:mm:ss', [cultureinfo]::InvariantCulture)
        $time | Should -BeGreaterOrEqual $before
        $time | Should -BeLessThan $before.AddSeconds(30)
    }

    It 'does so where the look-up of a name was told to wait' {
        Set-Fault 'search:later@example.com' '[{"status":429,"headers":{"retry-after":"600"}}]'
        # With a time limit of its own, and so with a client of its own.
        $result = Invoke-Form "'later@example.com','ok-1' | R -TimeoutSec 22"
        $result.Errors.FullyQualifiedErrorId | Should -Be 'RateLimit.Exceeded,Reset-JcSdkSystemUserMfa'
        $result.Warnings | Should -Match '^Stopped because of RateLimit\.Exceeded: 1 user was not tried\. The server asks to wait: go on after '
    }

    It 'is not mentioned if something else stopped the batch' {
        Set-Fault bad '[{"status":401,"headers":{"retry-after":"600"}}]'
        (Invoke-Form '"bad","ok-1" | R').Warnings | Should -Be 'Stopped because of Auth.Refused: 1 user was not tried.'
    }
}
