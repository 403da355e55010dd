# Many users: one after the other by default, several at once when asked for, in order either way.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $null = Start-Simulator -Argument '--users', '2000'
    $ids = 1..200 | ForEach-Object { "ok-$_" }
}
AfterAll { Stop-Simulator }

Describe 'One after the other' {
    BeforeEach { Reset-Configuration }

    It 'sends no more than Select-Object -First takes' {
        $ids | Reset-JcSdkSystemUserMfa -PassThru | Select-Object -First 2 | Should -Be $true, $true
        Get-ArrivedText | Should -Be 'ok-1 {}', 'ok-2 {}'
    }

    It 'writes each result before it takes the next user' {
        $seen = [Collections.Generic.List[string]]::new()
        'ok-1', 'ok-2' | ForEach-Object { $seen.Add("in $_"); $_ } | Reset-JcSdkSystemUserMfa -Detailed | ForEach-Object { $seen.Add("out $($_.UserId)") }
        $seen | Should -Be 'in ok-1', 'out ok-1', 'in ok-2', 'out ok-2'
    }
}

Describe '-ThrottleLimit' {
    BeforeEach { Reset-Configuration }

    It 'keeps the input''s order and sends each user once: <Limit>' -ForEach @{ Limit = 2 }, @{ Limit = 16 }, @{ Limit = 256 } {
        Set-Fault ok-3 '[{"delayMs":200}]'
        $results = @($ids | Reset-JcSdkSystemUserMfa -ThrottleLimit $Limit -Detailed)
        $results.UserId | Should -Be $ids
        @($results.Outcome | Sort-Object -Unique) | Should -Be 'reset'
        (Get-Arrived).id | Sort-Object | Should -Be ($ids | Sort-Object)
    }

    It 'has several requests in flight at once' {
        # Were they sent one after the other, the first would time out before the second is sent.
        Set-Fault ok-2 '[{"never":true}]'
        Set-Fault ok-3 '[{"never":true}]'
        $results = @('ok-1', 'ok-2', 'ok-3', 'ok-4' | Reset-JcSdkSystemUserMfa -ThrottleLimit 4 -TimeoutSec 4 -Detailed -ErrorAction SilentlyContinue)
        $results.Outcome | Should -Be 'reset', 'unknown', 'unknown', 'reset'
        $arrived = @{}
        Get-Arrived | ForEach-Object { $arrived[$_.id] = $_.atMs }
        $arrived['ok-4'] - $arrived['ok-2'] | Should -BeLessThan 4000
    }

    It 'gives results while input still comes' {
        $seen = [Collections.Generic.List[string]]::new()
        $ids | ForEach-Object { $seen.Add('in'); $_ } | Reset-JcSdkSystemUserMfa -ThrottleLimit 4 -PassThru | ForEach-Object { $seen.Add('out') }
        $seen.IndexOf('out') | Should -BeLessThan ($seen.LastIndexOf('in'))
        @($seen -eq 'out').Count | Should -Be 200
    }

    It 'keeps invalid, duplicate and failed users in their places' {
        Set-Fault ok-2 '[{"status":404}]'
        $results = @('ok-1', '..', 'ok-2', 'ok-1', 'ok-3' | Reset-JcSdkSystemUserMfa -ThrottleLimit 8 -Detailed -ErrorAction SilentlyContinue -WarningAction SilentlyContinue)
        $results.UserId | Should -Be 'ok-1', '..', 'ok-2', 'ok-1', 'ok-3'
        $results.Outcome | Should -Be 'reset', 'invalid', 'refused', 'cancelled', 'reset'
    }

    It 'takes an id of the API in upper and lower case as the same user' {
        $result = Invoke-Form '"5f0c1a2b3c4d5e6f7a8b9c0d","5F0C1A2B3C4D5E6F7A8B9C0D" | R -Detailed'
        $result.Warnings | Should -Match '^DuplicateUser: '
        @(Get-Arrived).Count | Should -Be 1
    }

    It 'ends in the same way at any throttle limit: <_>' -ForEach 1, 2, 8 {
        $env:JCOrgId = "limit-$_" # a client of its own, whose key was not accepted yet
        Set-Fault ok-1 '[{"status":401}]'
        $result = Invoke-Form "'ok-1','ok-1','..',@{Id=''},'ok-2' | R -Detailed -ThrottleLimit $_"
        $result.Output.Code | Should -Be 'Auth.Refused', 'DuplicateUser', 'Id.Invalid', 'Id.Invalid', 'NotTried'
        $result.Output[3].Message | Should -Match '^Nobody was reset: .*\. It was number 4 of those that came in\.$'
        $result.Errors.FullyQualifiedErrorId | Should -Be 'Auth.Refused,Reset-JcSdkSystemUserMfa'
        $result.Warnings | Should -Be "DuplicateUser: User 'ok-1' was not sent a second time: the same user came before.", 'Stopped because of Auth.Refused: 3 users were not tried.'
    }

    It 'recognizes a duplicate also after the batch has stopped, at throttle limit <_>' -ForEach 1, 4 {
        Set-Fault ok-2 '[{"status":401}]'
        $result = Invoke-Form "'ok-1','ok-2','ok-1','ok-2' | R -Detailed -ThrottleLimit $_"
        $result.Output.Code | Should -Be $null, 'Auth.Refused', 'DuplicateUser', 'DuplicateUser'
        $result.Warnings | Should -Be "DuplicateUser: User 'ok-1' was not sent a second time: the same user came before.",
            "DuplicateUser: User 'ok-2' was not sent a second time: the same user came before."
    }

    It 'loses no later failure of the kind that stopped it: -Detailed shows it, the last warning counts it' {
        Reset-JcSdkSystemUserMfa -Id ok-1
        foreach ($id in 'ok-2', 'ok-3', 'ok-4') { Set-Fault $id '[{"status":401,"message":"key withdrawn","delayMs":300}]' }
        $result = Invoke-Form '"ok-2","ok-3","ok-4","ok-5" | R -ThrottleLimit 3 -Detailed'
        $result.Errors.FullyQualifiedErrorId | Should -Be 'Auth.Refused,Reset-JcSdkSystemUserMfa'
        $result.Output.Count | Should -Be 4
        $failed = @($result.Output | Where-Object Code -EQ 'Auth.Refused').Count
        $notTried = @($result.Output | Where-Object Code -EQ 'NotTried').Count
        $unknown = @($result.Output | Where-Object Outcome -EQ 'unknown').Count
        $failed + $notTried + $unknown | Should -Be 4
        $notTried | Should -BeGreaterOrEqual 1
        $result.Warnings | Should -Match "$notTried users? (was|were) not tried"
        if ($failed -gt 1) { $result.Warnings | Should -Match "$($failed - 1) more failed for the same reason" }
    }
}

Describe 'Progress' {
    BeforeAll {
        function Get-Progress([string]$Code) { (Invoke-Runspace $Code).Progress | Where-Object Activity -EQ 'Resetting TOTP MFA' }
    }
    BeforeEach {
        Reset-Configuration
        foreach ($n in 1..6) { Set-Fault "slow-$n" '[{"delayMs":250}]' }
    }

    It 'counts done and failed, and ends' {
        Set-Fault slow-1 '[{"status":404}]'
        $records = @(Get-Progress '1..6 | ForEach-Object { "slow-$_" } | R')
        $records.Count | Should -BeGreaterThan 2
        $records[0].StatusDescription | Should -Match '^\d done, 1 failed, \d+[.,]\d a second'
        "$($records[-1].RecordType)" | Should -Be 'Completed'
    }

    It 'shows no bar while nobody knows how many will come: only the text counts' {
        $records = @(Get-Progress '1..6 | ForEach-Object { "slow-$_" } | R' | Where-Object RecordType -EQ 'Processing')
        # Without a percentage, -1, PowerShell paints a full bar.
        $records.PercentComplete | Sort-Object -Unique | Should -Be 0
        $records.SecondsRemaining | Sort-Object -Unique | Should -Be -1
        $records[-1].StatusDescription | Should -Match '^\d done, 0 failed'
    }

    It 'tells the time left once all input is there' {
        $records = Get-Progress '1..6 | ForEach-Object { "slow-$_" } | R -ThrottleLimit 2 -InformationAction SilentlyContinue'
        $last = @($records | Where-Object { $_.SecondsRemaining -ge 0 -and "$($_.RecordType)" -eq 'Processing' })[-1]
        $last.PercentComplete | Should -BeGreaterThan 0
        $last.StatusDescription | Should -Match '6 in all'
    }

    It 'is absent: <_>' -ForEach 'R -Id slow-1', '"slow-1" | R', '$ProgressPreference = "SilentlyContinue"; "slow-1","slow-2","slow-3" | R', '"slow-1","slow-2","slow-3" | R -ProgressAction SilentlyContinue' {
        $result = Invoke-Runspace $_
        $result.Progress | Where-Object Activity -EQ 'Resetting TOTP MFA' | Should -BeNullOrEmpty
        $result.Thrown | Should -BeNullOrEmpty
        $result.Errors | Should -BeNullOrEmpty
    }
}
