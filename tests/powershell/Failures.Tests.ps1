# What becomes of each failure: one error record a user, or one for all, and how often it was sent.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $addresses = Start-Simulator
}
AfterAll { Stop-Simulator }

Describe 'A failed user' {
    BeforeEach { Reset-Configuration }

    It 'is <Outcome> <Code>, <Category>, sent <Sent> time(s): <Fault>' -ForEach @(
        @{ Fault = '[{"status":400,"message":"bad thing"}]'; Outcome = 'refused'; Code = 'Request.Refused'; Category = 'InvalidOperation'; Status = 400; Sent = 1 }
        @{ Fault = '[{"status":403}]'; Outcome = 'refused'; Code = 'Permission.Refused'; Category = 'PermissionDenied'; Status = 403; Sent = 1 }
        @{ Fault = '[{"status":404}]'; Outcome = 'refused'; Code = 'User.NotFound'; Category = 'ObjectNotFound'; Status = 404; Sent = 1 }
        # The connection was used before, so this answer may not be for this request.
        @{ Fault = '[{"status":408}]'; Outcome = 'unknown'; Code = 'Answer.Lost'; Category = 'ConnectionError'; Status = 408; Sent = 1 }
        @{ Fault = '[{"status":409}]'; Outcome = 'refused'; Code = 'Request.Refused'; Category = 'InvalidOperation'; Status = 409; Sent = 1 }
        @{ Fault = '[{"status":422}]'; Outcome = 'refused'; Code = 'Request.Refused'; Category = 'InvalidOperation'; Status = 422; Sent = 1 }
        @{ Fault = '{"steps":[{"status":429,"headers":{"retry-after":"0"}}],"repeat":true}'; Outcome = 'refused'; Code = 'RateLimit.Exceeded'; Category = 'LimitsExceeded'; Status = 429; Sent = 2 }
        @{ Fault = '{"steps":[{"status":503,"headers":{"retry-after":"0"}}],"repeat":true}'; Outcome = 'refused'; Code = 'Service.Unavailable'; Category = 'ResourceUnavailable'; Status = 503; Sent = 2 }
        @{ Fault = '[{"status":503,"shape":"html"}]'; Outcome = 'unknown'; Code = 'Server.Failed'; Category = 'ResourceUnavailable'; Status = 503; Sent = 1 }
        @{ Fault = '[{"status":500}]'; Outcome = 'unknown'; Code = 'Server.Failed'; Category = 'ResourceUnavailable'; Status = 500; Sent = 1 }
        @{ Fault = '[{"status":502}]'; Outcome = 'unknown'; Code = 'Server.Failed'; Category = 'ResourceUnavailable'; Status = 502; Sent = 1 }
        @{ Fault = '[{"status":504}]'; Outcome = 'unknown'; Code = 'Server.Failed'; Category = 'ResourceUnavailable'; Status = 504; Sent = 1 }
        @{ Fault = '[{"status":200,"shape":"html"}]'; Outcome = 'unknown'; Code = 'Answer.NotUnderstood'; Category = 'ProtocolError'; Status = 200; Sent = 1 }
        @{ Fault = '[{"never":true}]'; Outcome = 'unknown'; Code = 'Answer.TimedOut'; Category = 'OperationTimeout'; Status = $null; Sent = 1 }
        @{ Fault = '[{"reset":"before"}]'; Outcome = 'unknown'; Code = 'Answer.Lost'; Category = 'ConnectionError'; Status = $null; Sent = 1 }
        @{ Fault = '[{"garbage":true}]'; Outcome = 'unknown'; Code = 'Answer.NotUnderstood'; Category = 'ProtocolError'; Status = $null; Sent = 1 }
    ) {
        Set-Fault bad $Fault
        $result = Invoke-Form '"bad","ok-1" | R -MaximumRetryCount 1 -TimeoutSec 2'
        $result.Errors.Count | Should -Be 1
        $record = $result.Errors[0]
        $record.FullyQualifiedErrorId | Should -Be "$Code,Reset-JcSdkSystemUserMfa"
        $record.CategoryInfo.Category | Should -Be $Category
        $record.TargetObject | Should -Be 'bad'
        $record.Exception | Should -BeOfType ([System.Net.Http.HttpRequestException])
        $record.Exception.StatusCode | Should -Be $Status
        $record.Exception.Outcome | Should -Be $Outcome
        $record.Exception.Attempts | Should -Be $Sent
        $record.Exception.Code | Should -Be $Code
        $record.ErrorDetails.Message | Should -Match 'bad'
        $record.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        @((Get-ArrivedText) -match '^bad ').Count | Should -Be $Sent
        @((Get-ArrivedText) -match '^ok-1 ').Count | Should -Be 1
    }

    It 'is shown with the server''s own message: <Shape>' -ForEach @{ Shape = 'message' }, @{ Shape = 'code' }, @{ Shape = 'error' }, @{ Shape = 'details' } {
        Set-Fault bad "[{`"status`":422,`"shape`":`"$Shape`",`"message`":`"the server says so`"}]"
        (Invoke-Form 'R -Id bad').Errors[0].ErrorDetails.Message | Should -Match 'the server says so'
    }

    It 'is sent again where that is harmless, and then reset' {
        Set-Fault bad '[{"status":429,"headers":{"retry-after":"0"}}]'
        $result = Reset-JcSdkSystemUserMfa -Id bad -Detailed
        $result.Outcome | Should -Be 'reset'
        $result.Attempts | Should -Be 2
    }

    It 'is refused and not sent when there is no connection' {
        $env:JCApiUrl = $addresses.closed
        (Invoke-Form 'R -Id ok-1 -MaximumRetryCount 0').Errors.FullyQualifiedErrorId | Should -Be 'Connection.Refused,Reset-JcSdkSystemUserMfa'
    }

    It 'is not a failure when only the body was cut: it is noted in the verbose stream' {
        Set-Fault ok-1 '[{"cutBody":true}]'
        $result = Invoke-Form 'R -Id ok-1 -PassThru -Verbose'
        $result.Output | Should -BeTrue
        $result.Verbose[-1] | Should -Match '^ok-1: reset, HTTP 200, .*; .+'
    }
}

Describe 'A failure that every user would meet' {
    BeforeEach { Reset-Configuration }

    BeforeDiscovery {
        $everyones = @(
            @{ Name = 'a refused key'; Setting = '$env:JCApiKey = "wrong-key"'; Code = 'Auth.Refused' }
            @{ Name = 'a login redirect'; Setting = 'Set-Fault ok-1 ''{"steps":[{"redirect":"login"}],"repeat":true}'''; Code = 'Auth.LoginRedirect' }
            @{ Name = 'another redirect'; Setting = 'Set-Fault ok-1 ''{"steps":[{"redirect":"other"}],"repeat":true}'''; Code = 'Redirect.Refused' }
            @{ Name = 'no such host'; Setting = '$env:JCApiUrl = "https://no-such-host.invalid"'; Code = 'Name.NotFound' }
            @{ Name = 'a certificate that is not trusted'; Setting = '$env:JCApiUrl = $addresses.selfSigned'; Code = 'Tls.NotTrusted' }
            @{ Name = 'a proxy that refuses'; Setting = '$env:HTTPS_PROXY = $addresses.proxyRefuses'; Code = 'Proxy.Refused' }
        )
        $everyones = foreach ($limit in 1, 4) { $everyones | ForEach-Object { $_ + @{ Limit = $limit } } }
    }

    It '(<Name>, throttle limit <Limit>) is one error, tried once; the others are consumed and counted' -ForEach $everyones {
        . ([scriptblock]::Create($Setting))
        $result = Invoke-Form "1..6 | ForEach-Object { `"ok-`$_`" } | R -ThrottleLimit $Limit -Detailed"
        $result.Errors.FullyQualifiedErrorId | Should -Be "$Code,Reset-JcSdkSystemUserMfa"
        $result.Errors[0].TargetObject | Should -Be 'ok-1'
        $result.Output.UserId | Should -Be (1..6 | ForEach-Object { "ok-$_" })
        $result.Output.Code | Should -Be (@($Code) + @('NotTried') * 5)
        $result.Output.Outcome | Should -Be (@('refused') + @('cancelled') * 5)
        $result.Warnings | Should -Be "Stopped because of ${Code}: 5 users were not tried."
        @(Get-Arrived | Where-Object method -EQ POST).Count | Should -BeLessOrEqual 1
    }

    It 'that comes later leaves what was done before' {
        Set-Fault ok-3 '[{"status":401,"message":"key withdrawn"}]'
        $result = Invoke-Form '1..5 | ForEach-Object { "ok-$_" } | R -Detailed'
        $result.Output.Outcome | Should -Be 'reset', 'reset', 'refused', 'cancelled', 'cancelled'
        $result.Errors.Count | Should -Be 1
    }

    It 'leaves the environment alone' {
        $env:JCApiKey = 'wrong-key'
        $null = Invoke-Form 'R -Id ok-1'
        $env:JCApiKey | Should -Be 'wrong-key'
    }

    It 'hints at the organization that is missing' {
        Set-Fault ok-1 '[{"status":401,"message":"no organization selected"}]'
        (Invoke-Form 'R -Id ok-1').Errors.FullyQualifiedErrorId | Should -Be 'Organization.Required,Reset-JcSdkSystemUserMfa'
    }
}

Describe 'The same user again' {
    BeforeEach { Reset-Configuration }

    It 'among piped users is warned of and not sent, at throttle limit <_>' -ForEach 1, 4 {
        $result = Invoke-Form "'ok-1','ok-2','ok-1',@{_id='ok-2'} | R -ThrottleLimit $_"
        $result.Warnings.Count | Should -Be 2
        $result.Warnings | Should -Match 'DuplicateUser'
        $result.Errors | Should -BeNullOrEmpty
        Get-ArrivedText | Sort-Object | Should -Be 'ok-1 {}', 'ok-2 {}'
    }

    It 'in two calls, or for two piped bodies, is sent twice' {
        $null = Invoke-Form 'R -Id ok-1; R -Id ok-1; @{exclusion=$true},@{exclusion=$false} | R -Id ok-1'
        @(Get-Arrived).Count | Should -Be 4
    }
}

Describe 'An error behaves like that of a compiled cmdlet' {
    BeforeEach {
        Reset-Configuration
        Set-Fault bad '{"steps":[{"status":404,"message":"gone fishing"}],"repeat":true}'
    }

    It 'with -ErrorAction Stop: caught, and the rest is not sent' {
        { 'bad', 'ok-1' | Reset-JcSdkSystemUserMfa -ErrorAction Stop } | Should -Throw -ErrorId 'User.NotFound,Reset-JcSdkSystemUserMfa'
        Get-ArrivedText | Should -Be 'bad {}'
    }

    It 'with -ErrorAction SilentlyContinue: $? is false, -ErrorVariable has it' {
        Reset-JcSdkSystemUserMfa -Id bad -ErrorAction SilentlyContinue -ErrorVariable caught
        $ok = $?
        $ok | Should -BeFalse
        $caught.Count | Should -Be 1
    }

    It 'leaves a caller''s own exception to the caller' {
        { 'ok-1', 'ok-2' | Reset-JcSdkSystemUserMfa -PassThru | ForEach-Object { throw 'mine' } } | Should -Throw 'mine'
        Get-ArrivedText | Should -Be 'ok-1 {}'
    }

    It 'shows one sentence and one recommendation, and the shell exits with 1: <Name>' -ForEach @(
        @{ Name = 'this shell'; View = 'ConciseView'; Older = $false }
        @{ Name = 'a shell before 7.5'; View = 'ConciseView'; Older = $true }
        @{ Name = 'another view'; View = 'NormalView'; Older = $false }
    ) {
        $result = Invoke-Shell "$(if ($Older) { Get-OlderShell }); `$ErrorView = '$View'; R -Id bad"
        $result.ExitCode | Should -Be 1
        $result.Text | Should -Match '(?s)^R(eset-JcSdkSystemUserMfa)? ?:.*bad.*gone\s+fishing'
        # The module adds a line as for an older shell, and this shell may show its own as well.
        $times = if ($Older -and $PSVersionTable.PSVersion -ge '7.5') { 2 } else { 1 }
        [regex]::Matches($result.Text, '(?m)^ +Recommendation: Check the user''s id, the organization and the region; if no user is found, check the URL as well\.').Count | Should -Be $times -Because $result.Text
        [regex]::Matches($result.Text, 'gone\s+fishing').Count | Should -Be 1
    }

    It 'carries the advice in its message where the shell would not show it, and the result does not' {
        $result = Invoke-Shell "$(Get-OlderShell); `$result = R -Id bad -Detailed -ErrorVariable failed 2>`$null; `$failed[0].ErrorDetails.Message; '--'; `$failed[0].Exception.Message; '--'; `$result.Message"
        $message, $exception, $own = $result.Text -split '--' | ForEach-Object { $_.Trim() }
        $message | Should -Match '(?s)gone fishing\.\r?\n  Recommendation: Check .*\.$'
        $exception | Should -Match 'gone fishing\.$'
        $own | Should -Be $exception
    }
}
