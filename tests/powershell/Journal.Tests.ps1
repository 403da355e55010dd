# -JournalPath, -Resume and -RetryUnknown: an interrupted run is resumed, and nobody is reset twice.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $addresses = Start-Simulator -Argument '--users', '60'
    $folder = [IO.Directory]::CreateDirectory([IO.Path]::Combine([IO.Path]::GetTempPath(), [guid]::NewGuid().ToString('n'))).FullName
    $file = "$folder/resets.jsonl"
    # Only ok-3 is unknown, and ok-4 refused.
    function Invoke-FirstRun {
        Set-Fault ok-3 '[{"status":502}]'
        Set-Fault ok-4 '[{"status":429},{"status":429}]'
        $result = Invoke-Form "'ok-1','ok-2','ok-3','ok-4' | R -JournalPath '$file' -MaximumRetryCount 0"
        Clear-Arrived
        $result
    }
    function Get-Line { [IO.File]::ReadAllLines($file) | ConvertFrom-Json }
}
AfterAll {
    Stop-Simulator
    [IO.Directory]::Delete($folder, $true)
}

Describe 'A journal' {
    BeforeEach {
        Reset-Configuration
        [IO.File]::Delete($file)
    }

    It 'has a begin and an end for each user, and only an end for a user who is not sent' {
        Set-Fault ok-2 '[{"status":404}]'
        $null = Invoke-Form "'ok-1','ok-2','..','ok-1' | R -JournalPath '$file' -Exclusion -ExclusionUntil 2030-01-02T03:04:05Z"
        $lines = @(Get-Line)
        $lines.event | Should -Be 'run', 'begin', 'end', 'begin', 'end', 'end', 'end'
        $lines[0].program | Should -Match '^jcsdk/\S+ JumpCloudApiSdkV1/\S+ PowerShell/'
        $lines[1].userId | Should -Be 'ok-1'
        $lines[1].exclusion | Should -BeTrue
        [IO.File]::ReadAllText($file) | Should -Match '"exclusionUntil":"2030-01-02T03:04:05Z"'
        $ends = @($lines | Where-Object event -EQ 'end')
        $ends.outcome | Should -Be 'reset', 'refused', 'invalid', 'cancelled'
        $ends[1].code, $ends[2].code, $ends[3].code | Should -Be 'User.NotFound', 'Id.Invalid', 'DuplicateUser'
    }

    It 'has an end for each record that is wrong' {
        $null = Invoke-Form "[pscustomobject]@{Id='ok-5';Exlusion='true'}, [pscustomobject]@{Username='jo';Email='jo@example.com';ExclusionDays='x'}, `"ok-`0`", @{Exclusion=`$true} | R -JournalPath '$file'"
        $lines = @(Get-Line | Select-Object -Skip 1)
        $lines.event | Should -Be 'end', 'end', 'end', 'end'
        $lines.code | Should -Be 'Body.Invalid', 'ExclusionUntil.Invalid', 'Id.Invalid', 'Id.Invalid'
        $lines[0].userId | Should -Be 'ok-5'
        $lines[0].message | Should -Match '^User ''ok-5'' was not reset: ''Exlusion'' is not a field'
        $lines[1].name | Should -Be 'jo'
        $lines[3].message | Should -Match '^Nobody was reset: the object does not name a user'
    }

    It 'never holds the key' {
        $null = Invoke-Form "'ok-1','simulator-key',@{Id='ok-2';Exclusion='simulator-key'} | R -JournalPath '$file'"
        [IO.File]::ReadAllText($file) | Should -Not -Match 'simulator-key'
        @(Get-Arrived).id | Should -Be 'ok-1'
    }

    It 'has a warning at the end with the number of users who are unknown' {
        $result = Invoke-FirstRun
        $result.Warnings | Should -Be 'Reset: 2, not reset: 1, unknown: 1. Look up those who are unknown, then give just those of them who were not reset, with -Resume and -RetryUnknown: see about_JumpCloudApiSdkV1.'
    }

    It 'has no warning when every outcome is known' {
        (Invoke-Form "'ok-1','ok-2' | R -JournalPath '$file'").Warnings | Should -BeNullOrEmpty
    }

    It 'has a path that is resolved from PowerShell''s current location: <Path>' -ForEach @(
        @{ Path = 'resets.jsonl' }
        @{ Path = './a b/r[1]*`ü.jsonl'; Name = 'a b/r[1]*`ü.jsonl'; NotOnWindows = $true }
        @{ Path = 'journals:resets.jsonl' }
    ) {
        if ($IsWindows -and $_['NotOnWindows']) { return }
        $null = [IO.Directory]::CreateDirectory("$folder/a b")
        $null = New-PSDrive -Name journals -PSProvider FileSystem -Root $folder
        Push-Location $folder
        try { 'ok-1' | Reset-JcSdkSystemUserMfa -JournalPath $Path } finally { Pop-Location; Remove-PSDrive journals }
        [IO.File]::ReadAllText("$folder/$(if ($_['Name']) { $Name } else { 'resets.jsonl' })") | Should -Match '"userId":"ok-1","outcome":"reset"'
    }

    It 'lets a user who is given by -Id be sent once, also with several bodies' {
        $result = Invoke-Form "@{exclusion=`$true},@{exclusion=`$false} | R -Id ok-1 -JournalPath '$file' -Detailed"
        $result.Output.Code | Should -Be $null, 'DuplicateUser'
        Get-ArrivedText | Should -Be 'ok-1 {"exclusion":true}'
    }
}

Describe '-Resume' {
    BeforeEach {
        Reset-Configuration
        [IO.File]::Delete($file)
        $null = Invoke-FirstRun
    }

    It 'sends neither users who were reset nor users who are unknown' {
        $result = Invoke-Form "1..5 | ForEach-Object { `"ok-`$_`" } | R -JournalPath '$file' -Resume -Detailed"
        $result.Output.UserId | Should -Be 'ok-1', 'ok-2', 'ok-3', 'ok-4', 'ok-5'
        $result.Output.Outcome | Should -Be 'reset', 'reset', 'unknown', 'reset', 'reset'
        $result.Output.Code | Should -Be 'Journal.AlreadyReset', 'Journal.AlreadyReset', 'Journal.Unfinished', $null, $null
        $result.Output[0].Attempts | Should -Be 0
        @(Get-Arrived).id | Should -Be 'ok-4', 'ok-5'
        $result.Errors.FullyQualifiedErrorId | Should -Be 'Journal.Unfinished,Reset-JcSdkSystemUserMfa'
        $result.Errors[0].ErrorDetails.RecommendedAction | Should -Match '-Resume and -RetryUnknown'
        $result.Warnings | Should -Match '^Reset: 4, not reset: 0, unknown: 1\.'
    }

    It 'says of a user who was reset that he was, also if his record is wrong now' {
        $result = Invoke-Form "[pscustomobject]@{Id='ok-1';Exclusion='no'} | R -JournalPath '$file' -Resume -Detailed"
        $result.Output.Code | Should -Be 'Journal.AlreadyReset'
        $result.Errors | Should -BeNullOrEmpty
    }

    It 'does not answer for a user who may not be the one who is meant: <_>' -ForEach @(
        '[pscustomobject]@{Id="ok-1";SystemuserId="ok-2"} | R', '@{Id="ok-2"} | R -Id ok-1', '"ok-2" | R -Id ok-1'
        'R -Id ok-1 -Body @{Id="ok-2"}', '[pscustomobject]@{Email="ok-1@example.com";Username=7} | R'
    ) {
        $result = Invoke-Form "$_ -JournalPath '$file' -Resume -Detailed"
        $result.Output.Outcome | Should -Be 'invalid'
        $result.Errors.Count | Should -Be 1
        $result.Errors[0].Exception.Message | Should -Match '^(Nobody|User ''\S+'') was( not)? reset: '
    }

    It 'with -RetryUnknown sends unknown users as well, and the next time nobody' {
        foreach ($again in 1, 2) {
            $result = Invoke-Form "'ok-1','ok-2','ok-3','ok-4' | R -JournalPath '$file' -Resume -RetryUnknown -PassThru"
            $result.Output | Should -Be $true, $true, $true, $true
            $result.Errors.Count + $result.Warnings.Count | Should -Be 0
        }
        @(Get-Arrived).id | Should -Be 'ok-3', 'ok-4'
    }

    It 'asks for no confirmation of users who are not sent' {
        $result = Invoke-Runspace "'ok-1','ok-2' | R -JournalPath '$file' -Resume -PassThru -Confirm"
        $result.Output | Should -Be $true, $true
        $result.Errors | Should -BeNullOrEmpty
        $asked = Invoke-Runspace "'ok-5' | R -JournalPath '$file' -Resume -Confirm"
        "$($asked.Thrown)$($asked.Errors)" | Should -Match 'Nobody could be asked.*ok-5'
    }

    It 'with -WhatIf shows who would be sent, and leaves the file alone' {
        $before = [IO.File]::ReadAllBytes($file)
        $shown = (Invoke-Shell "'ok-1','ok-2','ok-3','ok-4' | R -JournalPath '$file' -Resume -WhatIf -PassThru").Text
        @([regex]::Matches($shown, 'system user (ok-\d)') | ForEach-Object { $_.Groups[1].Value }) | Should -Be 'ok-4'
        $shown | Should -Not -Match 'True'
        ConvertTo-OneLine $shown | Should -Match 'It is unknown whether user ''ok-3'' was reset'
        [Convert]::ToBase64String([IO.File]::ReadAllBytes($file)) | Should -Be ([Convert]::ToBase64String($before))
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'with -WhatIf creates no file' {
        Reset-JcSdkSystemUserMfa -Id ok-1 -JournalPath "$folder/none.jsonl" -WhatIf
        Reset-JcSdkSystemUserMfa -Id ok-1 -JournalPath "$folder/none.jsonl" -Resume -WhatIf
        [IO.File]::Exists("$folder/none.jsonl") | Should -BeFalse
    }

    It 'counts users who were reset by an earlier run separately in the progress' {
        foreach ($n in 5, 6) { Set-Fault "ok-$n" '[{"delayMs":300}]' }
        $progress = (Invoke-Runspace "'ok-1','ok-2','ok-5','ok-6' | R -JournalPath '$file' -Resume").Progress | Where-Object Activity -EQ 'Resetting TOTP MFA'
        @($progress.StatusDescription -match '^1 done, 0 failed, .* a second, 2 reset by an earlier run').Count | Should -BeGreaterThan 0
    }

    It 'sends nobody without a journal that can be used: <_>' -ForEach '-Resume', '-RetryUnknown', "-JournalPath '<file>' -RetryUnknown", '-JournalPath env:x -Resume', '-JournalPath nowhere:x', '-JournalPath "a`0b"' {
        $result = Invoke-Form "'ok-1','ok-2' | R $($_ -replace '<file>', $file)"
        $result.Errors.FullyQualifiedErrorId | Should -Be 'Argument.Invalid,Reset-JcSdkSystemUserMfa'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'warns where there is no journal to go on with' {
        $result = Invoke-Form "'ok-1' | R -JournalPath '$folder/new.jsonl' -Resume -PassThru"
        $result.Output | Should -Be $true
        $result.Warnings | Should -Match '^There is no journal at ''.*new\.jsonl'' yet, so -Resume knows of no earlier run'
        (Invoke-Form "'ok-1' | R -JournalPath '$folder/new.jsonl' -Resume").Warnings | Should -BeNullOrEmpty
    }

    It 'warns of an empty one, too, which a call that sent nobody has left' {
        $form = "'ok-1' | R -JournalPath '$folder/empty.jsonl' -Resume"
        (Invoke-Form "$form -WarningAction Stop").Errors.FullyQualifiedErrorId | Should -Match '^ActionPreferenceStop,'
        Get-Arrived | Should -BeNullOrEmpty
        [IO.FileInfo]::new("$folder/empty.jsonl").Length | Should -Be 0
        (Invoke-Form $form).Warnings | Should -Match '^There is no journal at '
    }

    It 'does nothing when it is set to $false' {
        'ok-1' | Reset-JcSdkSystemUserMfa -Resume:$false -RetryUnknown:$false
        @(Get-Arrived).id | Should -Be 'ok-1'
    }

    It 'finds users who are given by name, under -WhatIf by the names in the journal' {
        $null = Invoke-Form "'ok-7@example.com',@{Username='ok-8'} | R -JournalPath '$file'"
        $lines = @(Get-Line | Where-Object { $_.PSObject.Properties['name'] })
        $lines.name | Should -Be 'ok-7@example.com', 'ok-7@example.com', 'ok-8', 'ok-8'
        $lines.userId | Should -Be 'ok-7', 'ok-7', 'ok-8', 'ok-8'
        Clear-Arrived
        $result = Invoke-Form "@{Email='OK-7@example.com'},'ok-8','ok-9@example.com' | R -JournalPath '$file' -Resume -Detailed"
        $result.Output.Code | Should -Be 'Journal.AlreadyReset', 'Journal.AlreadyReset', $null
        @(Get-Arrived | Where-Object id).id | Should -Be 'ok-9'
        Clear-Arrived
        $shown = (Invoke-Runspace "'ok-7@example.com','ok-10@example.com' | R -JournalPath '$file' -Resume -WhatIf -Verbose").Verbose
        $shown -match 'ok-7@example.com' -join '' | Should -Match 'journal'
        @($shown -match '^POST ').Count | Should -Be 1
        Get-Arrived | Should -BeNullOrEmpty
    }
}

Describe 'An interrupted run' {
    BeforeEach {
        Reset-Configuration
        [IO.File]::Delete($file)
    }

    It 'is resumed after its process was killed, and nobody is sent twice' {
        Set-Fault ok-5 '[{"never":true}]'
        Set-Fault ok-6 '[{"never":true}]'
        $process = Start-Shell "1..40 | ForEach-Object { `"ok-`$_`" } | R -ThrottleLimit 4 -JournalPath '$file' -TimeoutSec 3600"
        Wait-Until { @(Get-Arrived | Where-Object id -In 'ok-5', 'ok-6').Count -ge 2 }
        $process.Kill()
        $process.WaitForExit()
        $result = Invoke-Form "1..40 | ForEach-Object { `"ok-`$_`" } | R -ThrottleLimit 4 -JournalPath '$file' -Resume -Detailed"
        $result.Output.Count | Should -Be 40
        @($result.Output | Where-Object UserId -In 'ok-5', 'ok-6').Code | Should -Be 'Journal.Unfinished', 'Journal.Unfinished'
        @($result.Output | Where-Object Outcome -NE 'reset' | Where-Object Code -NE 'Journal.Unfinished') | Should -BeNullOrEmpty
        @(Get-Arrived | Group-Object id | Where-Object Count -GT 1) | Should -BeNullOrEmpty
        Clear-Arrived
        $unknown = @($result.Output | Where-Object Outcome -EQ 'unknown')
        $unknown | Reset-JcSdkSystemUserMfa -JournalPath $file -Resume -RetryUnknown -PassThru | Should -Be @($unknown | ForEach-Object { $true })
        (Get-Arrived).id | Sort-Object | Should -Be ($unknown.UserId | Sort-Object)
    }

    It 'is resumed after the pipeline ended it, and the warning says how' {
        Set-Fault ok-2 '[{"never":true}]'
        $arrived = "@(Invoke-RestMethod $($addresses.admin)/log | ForEach-Object { `$_ }).Count"
        $result = Invoke-Runspace "'ok-1','ok-2','ok-3' | R -JournalPath '$file' -ThrottleLimit 3 -TimeoutSec 3600 -PassThru | ForEach-Object { for (`$n = 0; `$n -lt 500 -and $arrived -lt 3; `$n++) { Start-Sleep -Milliseconds 20 }; `$_ } | Select-Object -First 1"
        $result.Warnings | Should -Match '^Stopped\. .*not known whether these users were reset: ok-2.* Run the same command with -Resume to go on\.$'
        $again = Invoke-Form "'ok-1','ok-2','ok-3' | R -JournalPath '$file' -Resume -Detailed"
        $again.Output[0].Code, $again.Output[1].Code | Should -Be 'Journal.AlreadyReset', 'Journal.Unfinished'
        @(Get-Arrived | Group-Object id | Where-Object Count -GT 1) | Should -BeNullOrEmpty
    }

    It 'is resumed after a refused key' {
        Set-Fault ok-2 '[{"status":401}]'
        (Invoke-Form "'ok-1','ok-2','ok-3' | R -JournalPath '$file'").Warnings | Should -Be 'Stopped because of Auth.Refused: 1 user was not tried.'
        $result = Invoke-Form "'ok-1','ok-2','ok-3' | R -JournalPath '$file' -Resume -Detailed"
        $result.Output.Code | Should -Be 'Journal.AlreadyReset', $null, $null
    }
}

Describe 'A journal that cannot be used' {
    BeforeEach {
        Reset-Configuration
        [IO.File]::Delete($file)
    }

    It 'is one error, and nobody is sent: <Name>' -ForEach @(
        @{ Name = 'a list of users'; Code = 'Journal.Unreadable'; Content = "Id,Exclusion`nok-1,true`n" }
        @{ Name = 'UTF-16'; Code = 'Journal.Unreadable'; Content = "`u{feff}{`"journal`":1}`n" }
        @{ Name = 'of another version'; Code = 'Journal.Unreadable'; Content = "{`"journal`":2,`"run`":`"00112233445566ff`",`"event`":`"run`"}`n" }
        @{ Name = 'of another organization'; Code = 'Journal.Mismatch'; Setting = '$env:JCOrgId = "other"' }
    ) {
        if ($_['Content']) { [IO.File]::WriteAllText($file, $Content) }
        else { Reset-JcSdkSystemUserMfa -Id ok-9 -JournalPath $file; Clear-Arrived; . ([scriptblock]::Create($Setting)) }
        $before = [IO.File]::ReadAllText($file)
        $result = Invoke-Form "'ok-1','ok-2','ok-3' | R -JournalPath '$file' -Resume -Detailed"
        $result.Errors.FullyQualifiedErrorId | Should -Be "$Code,Reset-JcSdkSystemUserMfa"
        $result.Output.Outcome | Should -Be 'invalid', 'invalid', 'invalid'
        $result.Warnings | Should -Be "Stopped because of ${Code}: 2 users were not tried."
        [IO.File]::ReadAllText($file) | Should -BeExactly $before
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'is one that another run is writing' {
        $result = Invoke-Form "'ok-1','ok-2' | R -JournalPath '$file' -PassThru | ForEach-Object { R -Id ok-9 -JournalPath '$file' }"
        $result.Errors.FullyQualifiedErrorId | Should -Be 'Journal.InUse,Reset-JcSdkSystemUserMfa', 'Journal.InUse,Reset-JcSdkSystemUserMfa'
        @(Get-Arrived).id | Should -Be 'ok-1', 'ok-2'
    }

    It 'is one in a folder that is not there: <_>' -ForEach 'none/resets.jsonl', '' {
        $result = Invoke-Form "'ok-1' | R -JournalPath '$folder/$_'"
        $result.Errors.FullyQualifiedErrorId | Should -Match '^Journal\.\w+,Reset-JcSdkSystemUserMfa$'
        Get-Arrived | Should -BeNullOrEmpty
    }
}
