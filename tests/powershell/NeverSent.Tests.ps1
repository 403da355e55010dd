# What is never sent: one clear error each, and nothing on the wire, also under -WhatIf and without a prompt.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'What BeforeAll sets, It reads.')]
param()

BeforeDiscovery {
    $id = @{ Code = 'Id.Invalid' }
    $forms = @(
        @{ Form = 'R -Id " "' } + $id
        @{ Form = 'R -Id .' } + $id
        @{ Form = 'R -Id ..' } + $id
        @{ Form = 'R -Id "ok-1 "' } + $id
        @{ Form = 'R -Id ann@example.com' } + $id
        @{ Form = 'R -Id userid' } + $id
        @{ Form = 'R -Id "ok`n1"' } + $id
        @{ Form = 'R -Id "ok-1$([char]0)x"' } + $id
        @{ Form = 'R -Id "ok-1$([char]0xd800)"' } + $id
        @{ Form = 'R -InputObject ""' } + $id
        @{ Form = '"" | R' } + $id
        @{ Form = '@{Id=""} | R' } + $id
        @{ Form = '@{Id=$null} | R' } + $id
        @{ Form = '@{} | R' } + $id
        @{ Form = '@{Id=5} | R' } + $id
        @{ Form = '@{Name="ok-1"} | R' } + $id
        @{ Form = '@{Triggername="ok-1"} | R' } + $id
        @{ Form = '@{Id="ok-1";_id="ok-2"} | R' } + $id
        @{ Form = 'R -InputObject @{Id="ok-1";SystemuserId="ok-2"}' } + $id
        @{ Form = 'R -InputObject @(@{Id="ok-1"},@{Id="ok-2"})' } + $id
        @{ Form = '[JumpCloudApiSdkV1.Models.JumpCloudApIsIdentity]@{Triggername="ok-1"} | R' } + $id
        @{ Form = '$typedBody | R' } + $id
        @{ Form = '5 | R' } + $id
        @{ Form = '''[{"id":"ok-1"},{"id":"ok-2"}]'' | R' } + $id
        @{ Form = '''"ok-1"'' | R' } + $id
        @{ Form = '"{" | R' } + $id
        @{ Form = 'Get-Process -Id $PID | R' } + $id
        @{ Form = '5 | R -Id ok-1'; Code = 'Body.Invalid' }
        @{ Form = 'Get-Process -Id $PID | R -Id ok-1'; Code = 'Body.Invalid' }
        @{ Form = 'R -Id ok-1 -Body 5'; Code = 'Body.Invalid' }
        @{ Form = '"ok-2" | R -Id ok-1'; Code = 'Body.Invalid' }
        @{ Form = '@{Id="ok-2"} | R -Id ok-1'; Code = 'Body.Invalid' }
        @{ Form = '@{Id="ok-1"} | R -Id ok-1'; Code = 'Body.Invalid' }
        @{ Form = '$typedUser | R -Id ok-2'; Code = 'Body.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-2";Exclusion="true"} | R -Id ok-1'; Code = 'Body.Invalid' }
        @{ Form = '@{Id="ok-2";Exclusion=$true} | R -InputObject ok-1'; Code = 'Body.Invalid' }
        @{ Form = 'R -Id ok-1 -Body @{Id="ok-2";exclusion=$true}'; Code = 'Body.Invalid' }
        @{ Form = 'R -Id ok-1 -Body @{Foo=1}'; Code = 'Body.Invalid' }
        @{ Form = 'R -InputObject ok-1 -Body @{Exclussion=$true}'; Code = 'Body.Invalid' }
        @{ Form = 'R -Id ok-1 -Body foo'; Code = 'Body.Invalid' }
        @{ Form = 'R -Id ok-1 -Body "{"'; Code = 'Body.Invalid' }
        @{ Form = 'R -Id ok-1 -Body ''{"exclusion":true,"Exclusion":false}'''; Code = 'Body.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";Exclussion="x"} | R'; Code = 'Body.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";Until="2030-01-02"} | R'; Code = 'Body.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";GracePeriod="7"} | R'; Code = 'Body.Invalid' }
        @{ Form = '''{"id":"ok-1","mfa.exclusion":false}'' | R'; Code = 'Body.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";Exclusion_Until="2030-01-02"} | R'; Code = 'Body.Invalid' }
        @{ Form = 'R -Id ok-1 -Body @{ExclusionDays=7}'; Code = 'Body.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";ExclusionDays=0} | R'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";ExclusionDays=366} | R'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";ExclusionDays=1.5} | R'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";ExclusionDays="a week"} | R'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";ExclusionDays=7;ExclusionUntil="2030-01-02"} | R'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil 2400-01-01T00:00:00Z'; Code = 'ExclusionUntil.TooFar' }
        @{ Form = 'R -Id ok-1 -Body @{exclusionUntil="2569-01-02"}'; Code = 'ExclusionUntil.TooFar' }
        @{ Form = '[uri]"https://ok-1.example" | R' } + $id
        @{ Form = '$typedNumber | R' } + $id
        @{ Form = '$typedName | R' } + $id
        @{ Form = 'R -InputObject $typedName' } + $id
        @{ Form = '$typedPerson | R -Id ok-1'; Code = 'Body.Invalid' }
        @{ Form = '$typedPerson | Add-Member Exclussion 1 -PassThru | R'; Code = 'Body.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";Excluded="true"} | R'; Code = 'Body.Invalid' }
        @{ Form = 'R -Id ok-1 -Body @{exclusion="no"}'; Code = 'Exclusion.Invalid' }
        @{ Form = 'R -Id ok-1 -Body @{exclusion=1}'; Code = 'Exclusion.Invalid' }
        @{ Form = 'R -Id ok-1 -Body @{exclusion=""}'; Code = 'Exclusion.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";Exclusion="ja"} | R'; Code = 'Exclusion.Invalid' }
        @{ Form = '''{"id":"ok-1","exclusion":1}'' | R'; Code = 'Exclusion.Invalid' }
        @{ Form = 'R -Id ok-1 -Body @{exclusionUntil="garbage"}'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = 'R -Id ok-1 -Body @{exclusionUntil=5}'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";Exclusion="";ExclusionUntil="garbage"} | R'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";ExclusionUntil="01/02/2030"} | R'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = '[pscustomobject]@{Id="ok-1";ExclusionUntil="garbage"} | R -ExclusionUntil 2030-01-02'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil 1969-12-31T23:59:59Z'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = 'R -Id ok-1 -Body @{exclusionUntil="9999-12-31T23:59:59-12:00"}'; Code = 'ExclusionUntil.Invalid' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil 2020-01-02T03:04:05Z'; Code = 'ExclusionUntil.Past' }
        @{ Form = 'R -Id ok-1 -Body @{exclusionUntil="2020-01-02"}'; Code = 'ExclusionUntil.Past' }
        @{ Form = 'R -Id ok-1 -ExclusionDays 7 -ExclusionUntil 2030-01-02'; Code = 'Argument.Invalid' }
        @{ Form = 'R -Id ok-1 -Proxy ""'; Code = 'Url.Invalid' }
        @{ Form = 'R -Id ok-1 -Proxy $addresses.proxyAuth -ProxyCredential ([pscredential]::Empty)'; Code = 'Configuration.Invalid' }
    )
    $dates = '5', '1.5', '"01/02/2030"', '"20300102"', '"2030-13-01"', '"2030-02-30"', '"2030-01-02T24:00:00Z"', '"2030-01-02T03:04:05+25:00"', '"2030-01-02T03:04.5Z"',
        '"1 Jan 2030"', '" 2030-01-02"', '""', '$true', '@("2030-01-02","2030-01-03")', '"9999-12-31T23:59:59-12:00"' | ForEach-Object { @{ Date = $_ } }
}
BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $addresses = Start-Simulator
}
AfterAll { Stop-Simulator }

Describe 'Never sent' {
    BeforeEach { Reset-Configuration }

    It '<Code>: <Form>' -ForEach $forms {
        $result = Invoke-Form $Form
        $result.Errors.FullyQualifiedErrorId | Should -Be "$Code,Reset-JcSdkSystemUserMfa"
        $result.Errors[0].Exception.Message | Should -Match '^(User ''.*'' was not|Nobody was) reset: \S.+[^.]\.$'
        $result.Errors[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        $result.Output | Should -BeNullOrEmpty
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'names the user, where there is an id, and says what is wrong: <Form>' -ForEach @(
        @{ Form = '@{Id="ok-1"},[pscustomobject]@{Id="ok-2";Exclussion="x"} | R'; Message = 'User ''ok-2'' was not reset: ''Exclussion'' is not a field of the request, only close to one; write Exclusion, or leave it out.' }
        @{ Form = '[pscustomobject]@{Id="ok-2";EnrollmentDays=7} | R'; Message = 'User ''ok-2'' was not reset: ''EnrollmentDays'' is not a field of the request, only close to one; write ExclusionDays, or leave it out.' }
        @{ Form = '[pscustomobject]@{Id="ok-2";"mfa.exclusion"=$false} | R'; Message = 'User ''ok-2'' was not reset: ''mfa.exclusion'' is not a field of the request, only close to one; write Exclusion, or leave it out.' }
        @{ Form = '[pscustomobject]@{Id="ok-2";"mfa.exclusionUntil"="2030-01-02"} | R'; Message = 'User ''ok-2'' was not reset: ''mfa.exclusionUntil'' is not a field of the request, only close to one; write ExclusionUntil, or leave it out.' }
        @{ Form = '[pscustomobject]@{Id="ok-2";ExclusionDays="7 days"} | R'; Message = 'User ''ok-2'' was not reset: in ExclusionDays, the text is not a whole number from 1 to 365.' }
        @{ Form = 'R -Id ok-2 -ExclusionUntil 2569-01-02T00:00:00Z'; Message = 'User ''ok-2'' was not reset: exclusionUntil 2569-01-02T00:00:00Z is in the year 2400 or later: it may be of another calendar.' }
        @{ Form = '$typedName | R'; Message = 'Nobody was reset: an object of type NamedUser is neither a user nor a body: its id is not 24 hexadecimal digits. It was number 1 of those that came in.' }
        @{ Form = '@{Id="ok-1"},@{Id="ok-2";ExclusionUntil="x"} | R'; Message = 'User ''ok-2'' was not reset: in ExclusionUntil, the text is not an ISO 8601 date such as 2030-01-02 or 2030-01-02T03:04:05Z.' }
        @{ Form = '@{Id="ok-1"},@{Id="ok-2";Exclusion="no"} | R'; Message = 'User ''ok-2'' was not reset: in Exclusion, the text is neither true nor false.' }
        @{ Form = '@{Id="ok-1"},@{Name="ok-2"} | R'; Message = 'Nobody was reset: the object does not name a user: ''Name'' is not one of the columns that are taken. It was number 2 of those that came in.' }
        @{ Form = '@{Id="ok-1"},@{Id=""} | R'; Message = 'Nobody was reset: the user''s id is empty. It was number 2 of those that came in.' }
        @{ Form = '[pscustomobject]@{UserId="";Name="a@b";mail=""} | R'; Message = 'Nobody was reset: the object does not name a user: ''Name'' is not one of the columns that are taken. It was number 1 of those that came in.' }
        @{ Form = '@{Id="";mail=""} | R'; Message = 'Nobody was reset: the user''s id is empty. It was number 1 of those that came in.' }
        @{ Form = '@{Id=5} | R'; Message = 'Nobody was reset: the object''s id is a number, not text. It was number 1 of those that came in.' }
        @{ Form = 'R -Id ok-1 -Body @{exclusion=@(1,2)}'; Message = 'User ''ok-1'' was not reset: in Exclusion, a list is neither true nor false.' }
        @{ Form = '@{Id="ok-3"} | R -Id ok-2'; Message = 'User ''ok-2'' was not reset: the body carries an id, which would name a second user beside the one that was given.' }
        @{ Form = 'R -Id "ok`n2$([char]0)"'; Message = "User 'ok 2`u{FFFD}' was not reset: the user's id has a NUL character or half a surrogate pair in it." }
    ) {
        (Invoke-Form $Form).Errors.Exception.Message | Should -BeExactly $Message
    }

    It 'says where an e-mail address belongs: <Form>' -ForEach @(
        @{ Form = 'R -Id a@b'; Hint = 'An e-mail address is given with -Username; nothing was sent.' }
        @{ Form = '@{UserId="a@b"} | R'; Hint = 'A column of e-mail addresses has to be called Email, not UserId; nothing was sent.' }
    ) {
        (Invoke-Form $Form).Errors[0].ErrorDetails.RecommendedAction | Should -BeExactly $Hint
    }

    It 'is an error under -WhatIf too, and is not asked about: <_>' -ForEach 'R -Id .. -WhatIf', 'R -Id .. -Confirm', '@{Id="ok-1";Exclusion="no"} | R -WhatIf' {
        $result = Invoke-Form $_
        $result.Errors.Count | Should -Be 1
        $result.Errors[0].FullyQualifiedErrorId | Should -Match '^(Id|Exclusion)\.Invalid,'
    }

    It '-ExclusionUntil <Date>: the binder says what is wrong' -ForEach $dates {
        $result = Invoke-Form "R -Id ok-1 -ExclusionUntil $Date"
        $result.Errors.FullyQualifiedErrorId | Should -Be 'ParameterArgumentTransformationError,Reset-JcSdkSystemUserMfa'
        $result.Errors[0].Exception.Message | Should -Match 'date'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'a configuration that cannot be used: <Name> = <Value>' -ForEach @(
        @{ Name = 'JCApiKey'; Value = '$null'; Code = 'Key.Missing' }
        @{ Name = 'JCApiKey'; Value = '""'; Code = 'Key.Missing' }
        @{ Name = 'JCApiKey'; Value = '"simulator`nkey"'; Code = 'Key.Invalid' }
        @{ Name = 'JCApiKey'; Value = '"schl`u{FC}ssel"'; Code = 'Key.Invalid' }
        @{ Name = 'JCApiKey'; Value = '"simulator-key$([char]0xd800)"'; Code = 'Key.Invalid' }
        @{ Name = 'JCApiUrl'; Value = '"http://jumpcloud.example"'; Code = 'Url.Invalid' }
        @{ Name = 'JCApiUrl'; Value = '"ftp://127.0.0.1"'; Code = 'Url.Invalid' }
        @{ Name = 'JCApiUrl'; Value = '"https://user:pass@127.0.0.1"'; Code = 'Url.Invalid' }
        @{ Name = 'JCApiUrl'; Value = '"https://127.0.0.1/?x=1"'; Code = 'Url.Invalid' }
    ) {
        Set-Item -LiteralPath "env:$Name" -Value (& ([scriptblock]::Create($Value)))
        $result = Invoke-Form '"ok-1","ok-2","ok-3" | R'
        $result.Errors.FullyQualifiedErrorId | Should -Be "$Code,Reset-JcSdkSystemUserMfa"
        $result.Warnings | Should -Match '2 users were not tried'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'what is empty, rather than another region, organization or key: <_>' -ForEach '-Environment ""', '-Environment $null', '-OrgId ""', '-OrgId $null', '-ApiKey ([securestring]::new())' {
        $env:JCEnvironment = 'EU'
        $env:JCOrgId = 'org-1'
        $result = Invoke-Form "R -Id ok-1 $_"
        $result.Errors.FullyQualifiedErrorId | Should -Match '^ParameterArgument(Validation|Transformation)Error,'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'an unknown region, rather than the default one' {
        $env:JCApiUrl = $null
        $env:HTTPS_PROXY = $addresses.closed # leads nowhere, so that nothing can leave this machine
        $env:JCEnvironment = 'MARS'
        $failed = (Invoke-Form 'R -Id ok-1').Errors
        $failed.FullyQualifiedErrorId | Should -Be 'Environment.Invalid,Reset-JcSdkSystemUserMfa'
        $failed.Exception.Message | Should -BeExactly 'Nobody was reset: JCEnvironment is ''MARS'', which is none of STANDARD, EU and IN.'
        $env:JCEnvironment = $null
        $failed = (Invoke-Form 'R -Id ok-1 -Environment production').Errors
        $failed.FullyQualifiedErrorId | Should -Be 'Environment.Invalid,Reset-JcSdkSystemUserMfa'
        $failed.Exception.Message | Should -BeExactly 'Nobody was reset: the environment is ''production'', which is none of STANDARD, EU and IN.'
    }

    It 'with -Force a past date is sent, and one after 2400; a date before 1970 is not' {
        Reset-JcSdkSystemUserMfa -Id ok-1 -ExclusionUntil 2020-01-02T03:04:05Z -Force
        Get-ArrivedText | Should -Be 'ok-1 {"exclusionUntil":"2020-01-02T03:04:05Z"}'
        (Invoke-Form 'R -Id ok-1 -ExclusionUntil 1969-01-02 -Force').Errors.Count | Should -Be 1
        Clear-Arrived
        Reset-JcSdkSystemUserMfa -Id ok-1 -ExclusionUntil 2569-01-02T03:04:05Z -Force
        Get-ArrivedText | Should -Be 'ok-1 {"exclusionUntil":"2569-01-02T03:04:05Z"}'
        Reset-JcSdkSystemUserMfa -Id ok-1 -ExclusionUntil 2020-01-02T03:04:05Z -Force -WhatIf
        @(Get-Arrived).Count | Should -Be 1
    }

    It 'a record''s own past date stops nobody else' {
        $result = Invoke-Form '@{Id="ok-1";ExclusionUntil="2020-01-02"},@{Id="ok-2"} | R -Body @{exclusion=$true}'
        $result.Errors.FullyQualifiedErrorId | Should -Be 'ExclusionUntil.Past,Reset-JcSdkSystemUserMfa'
        Get-ArrivedText | Should -Be 'ok-2 {"exclusion":true}'
    }

    It 'one wrong -Body or -ExclusionUntil is one error for all piped users: <_>' -ForEach '-Body @{Foo=1}', '-ExclusionUntil 2020-01-02' {
        $result = Invoke-Form "'ok-1','ok-2','ok-3' | R $_"
        $result.Errors.Count | Should -Be 1
        $result.Errors[0].TargetObject | Should -Be 'ok-1'
        $result.Warnings | Should -Match '2 users were not tried'
        Get-Arrived | Should -BeNullOrEmpty
    }
}
