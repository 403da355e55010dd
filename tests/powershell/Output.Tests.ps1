# What the command returns, what -WhatIf shows, and what -Confirm asks.

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $null = Start-Simulator
}
AfterAll { Stop-Simulator }

Describe 'Output' {
    BeforeEach { Reset-Configuration }

    It 'is nothing by itself, and nothing with -PassThru:$false' {
        (Invoke-Form 'R -Id ok-1; "ok-2" | R -PassThru:$false').Output | Should -BeNullOrEmpty
    }

    It 'is one true for each reset user with -PassThru' {
        Set-Fault bad '[{"status":404}]'
        $result = Invoke-Form '"ok-1","bad","ok-2" | R -PassThru'
        $result.Output.Count | Should -Be 2
        $result.Output | ForEach-Object { $_ | Should -BeOfType [bool]; $_ | Should -BeTrue }
    }

    It 'is success for 200, 201 and 204, with or without a body: <_>' -ForEach '{"status":200,"body":""}', '{"status":201}', '{"status":204}' {
        Set-Fault ok-1 "[$_]"
        (Invoke-Form 'R -Id ok-1 -PassThru').Output | Should -BeTrue
    }

    It 'is one ResetResult for each user with -Detailed, in order, failed ones included' {
        Set-Fault bad '[{"status":404,"shape":"message","message":"no such user"}]'
        Set-Fault ok-1 '[{"delayMs":20}]'
        $results = @('ok-1', 'bad', '..', 'ok-1' | Reset-JcSdkSystemUserMfa -Exclusion -ExclusionUntil 2030-01-02T03:04:05Z -Detailed -ErrorAction SilentlyContinue -WarningAction SilentlyContinue)
        $results | ForEach-Object { $_ | Should -BeOfType ([JumpCloudApiSdkV1.Models.ResetResult]) }
        $results.UserId | Should -Be 'ok-1', 'bad', '..', 'ok-1'
        $results.Outcome | Should -Be 'reset', 'refused', 'invalid', 'cancelled'
        $results.Code | Should -Be $null, 'User.NotFound', 'Id.Invalid', 'DuplicateUser'
        $results.StatusCode | Should -Be 200, 404, $null, $null
        $results.Attempts | Should -Be 1, 1, 0, 0
        $results.Exclusion | Should -Be $true, $true, $true, $true
        $results.ExclusionUntil | Should -Be (@('2030-01-02T03:04:05Z') * 4)
        $results[0].Duration | Should -BeGreaterOrEqual 0.02
        $results[1].Message | Should -Match 'no such user'
    }

    It 'can be converted to CSV and JSON and back' {
        $result = Reset-JcSdkSystemUserMfa -Id ok-1 -Exclusion -ExclusionUntil 2030-01-02T03:04:05Z -Detailed
        $row = $result | ConvertTo-Csv | ConvertFrom-Csv
        $row.PSObject.Properties.Name | Should -Be 'UserId', 'Name', 'Outcome', 'StatusCode', 'Code', 'Message', 'Exclusion', 'ExclusionUntil', 'Attempts', 'Duration'
        $row.Exclusion | Should -Be 'True'
        $row.ExclusionUntil | Should -Be '2030-01-02T03:04:05Z'
        $json = $result | ConvertTo-Json | ConvertFrom-Json
        $json.UserId | Should -Be 'ok-1'
        $json.Duration | Should -Be $result.Duration
        ([datetime]$json.ExclusionUntil).ToUniversalTime() | Should -Be ([datetime]::new(2030, 1, 2, 3, 4, 5, [DateTimeKind]::Utc))
    }

    # Without libicu there are no cultures.
    It 'is the same CSV in the culture <_>' -ForEach 'th-TH', 'ar-SA', 'de-DE' -Skip:($env:DOTNET_SYSTEM_GLOBALIZATION_INVARIANT -eq '1') {
        $text = (Invoke-Shell "[cultureinfo]::CurrentCulture = '$_'; R -Id ok-1 -ExclusionUntil 2030-01-02T03:04:05Z -Detailed | ConvertTo-Csv").Text
        $text | Should -Match '"2030-01-02T03:04:05Z"'
    }

    It 'is shown in the same way when it comes out of a job' {
        $result = Reset-JcSdkSystemUserMfa -Id ok-1 -ExclusionUntil 2030-01-02T12:00:00Z -Detailed
        $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($result))
        $copy.PSObject.TypeNames[0] | Should -Be 'Deserialized.JumpCloudApiSdkV1.Models.ResetResult'
        $copy | Format-Table | Out-String -Width 120 | Should -Match 'ok-1 .* 2030-01-0'
        $copy | Format-List | Out-String | Should -Match 'ExclusionUntil : 2030-01-0'
    }

    It 'shows as a table, and as a list with -Format-List, in local time' {
        $text = (Invoke-Shell 'R -Id ok-1 -ExclusionUntil 2030-01-02T03:04:05Z -Detailed; R -Id ok-2 -ExclusionUntil 2030-01-02T03:04:05Z -Detailed | Format-List' -TimeZone 'America/New_York').Text
        $text | Should -Match '(?m)^User +Outcome +HTTP +ExclusionUntil +Why'
        $text | Should -Match '(?m)^ok-1 +reset +200 +2030-01-01 22:04'
        $text | Should -Match '(?m)^ExclusionUntil : 2030-01-01 22:04:05 -05:00'
        $text | Should -Match '(?m)^Duration +: \d+[.,]\d{3} s'
    }
}

Describe 'The table of -Detailed' {
    BeforeAll {
        Reset-Configuration
        $d, $e, $f = '5f0c1a2b3c4d5e6f7a8b9c0d', '5f0c1a2b3c4d5e6f7a8b9c0e', '5f0c1a2b3c4d5e6f7a8b9c0f'
        $d, $e | ForEach-Object { Add-User $_ }
        Set-Fault $e '[{"status":502}]'
        $env:TZ = 'UTC'
        [TimeZoneInfo]::ClearCachedData()
        $results = @($d, $e, $f, '..', $d | Reset-JcSdkSystemUserMfa -ExclusionUntil 2030-01-02T03:04:05Z -Detailed -ErrorAction SilentlyContinue -WarningAction SilentlyContinue)
        function Get-Row([int]$Width) { ($results | Format-Table | Out-String -Width $Width).Trim() -split '\r?\n' | ForEach-Object { $_.TrimEnd() } | Select-Object -Skip 2 }
    }
    AfterAll { $env:TZ = $null; [TimeZoneInfo]::ClearCachedData() }

    It 'holds all but the end of the message in 80 columns' {
        Get-Row 80 | Should -Be @(
            "$d reset     200  2030-01-02 03:04"
            "$e unknown   502  2030-01-02 03:04 Server.Failed: the ser…"
            "$f refused   404  2030-01-02 03:04 User.NotFound: the ser…"
            "..                       invalid        2030-01-02 03:04 Id.Invalid: the user's…"
            "$d cancelled      2030-01-02 03:04 DuplicateUser: the sam…"
        )
    }

    It 'has room for every code' {
        # Of 80 columns, 57 are before it, and one is for the mark that the rest was cut.
        $longest = [regex]::Matches([IO.File]::ReadAllText("$PSScriptRoot/../../src/code.rs"), '(?m)^ {4}\w+ = "([\w.]+)",') | ForEach-Object { $_.Groups[1].Length } | Sort-Object | Select-Object -Last 1
        $longest | Should -BeGreaterThan 15
        $longest | Should -BeLessOrEqual 22
    }

    It 'cuts neither user, outcome, status nor date in <_> columns' -ForEach 60, 70, 80, 120 {
        $rows = Get-Row $_
        $rows[-5] | Should -BeExactly "$d reset     200  2030-01-02 03:04"
        $rows[-4] | Should -BeLike "$e unknown   502  2030-01-02 03:04 S*"
        $rows[-3] | Should -BeLike "$f refused   404  2030-01-02 03:04 U*"
    }

    It 'cuts no status in 40 columns' {
        (Get-Row 40)[-3..-4] | Should -Be "$f refused   404", "$e unknown   502"
    }

    It 'says why without repeating the user and the outcome: <Message>' -ForEach @(
        @{ Message = 'User ''u'' was not reset: it is so.'; Why = 'it is so.' }
        @{ Message = 'User ''it''s'' was not reset: it is so.'; Why = 'it is so.' }
        @{ Message = 'User ''u'' was reset, but its answer was cut.'; Why = 'but its answer was cut.' }
        @{ Message = 'User ''u'' was not sent a second time: it is so.'; Why = 'it is so.' }
        @{ Message = 'User ''n'' (u) was not reset: it is so.'; Why = 'it is so.' }
        @{ Message = 'It is unknown whether user ''n'' (u) was reset: it is so.'; Why = 'it is so.' }
        @{ Message = 'It is unknown whether user ''u'' was reset: it is so.'; Why = 'it is so.' }
        @{ Message = 'Nobody was reset: it is so.'; Why = 'it is so.' }
        @{ Message = 'Nobody was reset: it is so. It was number 2 of those that came in.'; Why = 'it is so. It was number 2 of those that came in.' }
    ) {
        $result = [pscustomobject]@{ PSTypeName = 'JumpCloudApiSdkV1.Models.ResetResult'; UserId = 'u'; Name = $null; Outcome = 'refused'; StatusCode = 404; Code = 'A.Code'; Message = $Message; ExclusionUntil = $null }
        ($result | Format-Table | Out-String -Width 120).TrimEnd() | Should -Match " A\.Code: $([regex]::Escape($Why))$"
    }
}

Describe '-WhatIf' {
    BeforeEach { Reset-Configuration }

    It 'sends nothing, returns nothing and says in one line for whom, what and until when' {
        $result = Invoke-Shell 'R -Id ok-1 -Exclusion -ExclusionUntil 2030-01-02T03:04:05Z -PassThru -WhatIf; "ok-2" | R -Detailed -WhatIf'
        $lines = $result.Text.Trim() -split '\r?\n'
        $lines.Count | Should -Be 2
        $lines[0] | Should -Be 'What if: Performing the operation "Reset TOTP MFA, exclude the user from MFA until 2030-01-02T03:04:05Z" on target "system user ok-1".'
        $lines[1] | Should -Be 'What if: Performing the operation "Reset TOTP MFA" on target "system user ok-2".'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'says what would be done with <Parameters>' -ForEach @(
        @{ Parameters = '-Exclusion'; Action = 'Reset TOTP MFA, exclude the user from MFA' }
        @{ Parameters = '-Exclusion:$false'; Action = 'Reset TOTP MFA, do not exclude the user from MFA' }
        @{ Parameters = '-ExclusionUntil 2030-01-02T03:04:05+09:00'; Action = 'Reset TOTP MFA, exclusionUntil 2030-01-01T18:04:05Z' }
        @{ Parameters = '-Force'; Action = 'Reset TOTP MFA' }
        @{ Parameters = '-Force -ExclusionUntil 2020-01-02'; Action = 'Reset TOTP MFA, exclusionUntil 2020-01-02T00:00:00Z, which has passed and locks the user out at once' }
    ) {
        (Invoke-Shell "R -Id ok-1 $Parameters -WhatIf" -TimeZone 'UTC').Text.Trim() | Should -Be "What if: Performing the operation `"$Action`" on target `"system user ok-1`"."
        Get-Arrived | Should -BeNullOrEmpty
    }
}

Describe '-WhatIf without a key' {
    BeforeEach { Reset-Configuration; $env:JCApiKey = $null }

    It 'shows what would be sent, and warns that the key is missing: <_>' -ForEach 'R -Id ok-1 -Exclusion -WhatIf -Verbose', '"ok-1" | R -Exclusion -WhatIf -Verbose', '$WhatIfPreference = $true; R -Id ok-1 -Exclusion -Verbose' {
        $result = Invoke-Shell "$_; '-'; R -Id ok-2 -WhatIf:`$false"
        $text = ConvertTo-OneLine $result.Text
        $text | Should -Match 'What if: Performing the operation "Reset TOTP MFA, exclude the user from MFA" on target "system user ok-1"\.'
        $text | Should -Match 'VERBOSE: POST https://localhost:\d+/api/systemusers/ok-1/resetmfa \{"exclusion":true\}'
        [regex]::Matches($text, 'WARNING: No API key is configured').Count | Should -Be 1
        $text | Should -Match 'Nobody was reset: no API key is configured\.'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'is still an error where something else is wrong' {
        $result = Invoke-Form 'R -Id .. -WhatIf'
        $result.Errors.FullyQualifiedErrorId | Should -Be 'Id.Invalid,Reset-JcSdkSystemUserMfa'
        $env:JCApiUrl = 'https://127.0.0.1/?x'
        $result = Invoke-Form 'R -Id ok-1 -WhatIf'
        $result.Errors.FullyQualifiedErrorId | Should -Be 'Url.Invalid,Reset-JcSdkSystemUserMfa'
    }
}

Describe '-WhatIf -Verbose' {
    It 'shows the request, and with it the region' {
        Reset-Configuration
        $result = Invoke-Form 'R -Id ok-1 -Environment EU -WhatIf -Verbose'
        $result.Verbose | Should -Be 'POST https://console.eu.jumpcloud.com/api/systemusers/ok-1/resetmfa {}'
    }
}

Describe '-Confirm' {
    BeforeEach { Reset-Configuration }

    It 'asks once for each user: answered <Answers>' -ForEach @(
        @{ Answers = 'y y y'; Sent = 'ok-1 {}', 'ok-2 {}', 'ok-3 {}'; Prompts = 3 }
        @{ Answers = 'y n y'; Sent = 'ok-1 {}', 'ok-3 {}'; Prompts = 3 }
        @{ Answers = 'a'; Sent = 'ok-1 {}', 'ok-2 {}', 'ok-3 {}'; Prompts = 1 }
        @{ Answers = 'n l'; Sent = @(); Prompts = 2 }
    ) {
        $result = Invoke-Shell '"ok-1","ok-2","ok-3" | R -Confirm' -InputText ($Answers -replace ' ', "`n")
        [regex]::Matches($result.Text, 'on target "system user ok-\d"').Count | Should -Be $Prompts
        Get-ArrivedText | Should -Be $Sent
    }

    It 'does not ask for a user who is not sent again' {
        $result = Invoke-Shell '"ok-1","ok-1" | R -Confirm' -InputText "y`n"
        $result.Text | Should -Match 'DuplicateUser'
        Get-ArrivedText | Should -Be 'ok-1 {}'
    }

    It 'is an error where nobody can be asked, and sends nothing: <Name>' -ForEach @(
        @{ Name = 'end of input'; Argument = @() }
        @{ Name = 'NonInteractive'; Argument = @('-NonInteractive') }
    ) {
        $result = Invoke-Shell 'R -Id ok-1 -Confirm; "ok-2","ok-3" | R -Confirm; "$($Error.Count) errors, $($Error[0].FullyQualifiedErrorId) of $($Error[0].TargetObject)"' -Argument $Argument
        Get-Arrived | Should -BeNullOrEmpty
        $result.Text | Should -Match '2 errors, Confirmation\.NotPossible,Reset-JcSdkSystemUserMfa of ok-2'
        ConvertTo-OneLine $result.Text | Should -Match 'Nobody could be asked to confirm the reset of user ''ok-1''; it was not done\. +Recommendation: Run the command where'
    }

    It 'is not answered by -Force' {
        $null = Invoke-Shell 'R -Id ok-1 -Confirm -Force' -InputText "n`n"
        Get-Arrived | Should -BeNullOrEmpty
    }
}
