# Users who are given by username or e-mail address are looked up first, and nobody is reset on a guess.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $addresses = Start-Simulator
    $alice = '5f0c1a2b3c4d5e6f7a8b9c01'
    function Add-NamedUser([string]$Id, [string]$Username, [string]$Email) {
        $null = Invoke-RestMethod "$($addresses.admin)/users/$Id" -Method Put -ContentType application/json -Body (@{ username = $Username; email = $Email } | ConvertTo-Json)
    }
    Add-NamedUser -Id $alice -Username alice -Email alice@example.com
    Add-NamedUser -Id 5f0c1a2b3c4d5e6f7a8b9c02 -Username bob -Email bob@example.com
    # This user's username is bob's address.
    Add-NamedUser -Id 5f0c1a2b3c4d5e6f7a8b9c03 -Username bob@example.com -Email carol@example.com
    function Get-Reset { @(Get-Arrived | Where-Object { $_.target -match '/resetmfa$' }) }
}
AfterAll { Stop-Simulator }

Describe 'A user by name' {
    BeforeEach { Reset-Configuration }

    It 'is looked up and reset: <Form>' -ForEach @(
        @{ Form = 'R -Username alice' }
        @{ Form = 'R -Username alice@example.com' }
        @{ Form = 'R -Email Alice@Example.com' }
        @{ Form = '"alice@example.com" | R' }
        @{ Form = 'R -InputObject alice@example.com' }
        @{ Form = '@{Username="alice"} | R' }
        @{ Form = '[pscustomobject]@{EMAIL="alice@example.com";Department="x"} | R' }
        @{ Form = '"department,email`nx,alice@example.com" | ConvertFrom-Csv | R' }
        @{ Form = '''{"email":"alice@example.com"}'' | R' }
        @{ Form = '@{Id="";_id=$null;username="alice";email=""} | R' }
        @{ Form = '@{username="alice";email="ALICE@example.com"} | R' }
        @{ Form = '@{email="alice@example.com"} | R -Body @{exclusion=$true}'; Body = '{"exclusion":true}' }
        @{ Form = '[pscustomobject]@{email="alice@example.com";Exclusion="true"} | R'; Body = '{"exclusion":true}' }
        @{ Form = '[NamedRow]@{Email="alice@example.com"} | R' }
        @{ Form = '$table | R' }
        @{ Form = 'R -Username alice -Exclusion -ExclusionUntil 2030-01-02T03:04:05Z'; Body = '{"exclusion":true,"exclusionUntil":"2030-01-02T03:04:05Z"}' }
    ) {
        $row = 'class NamedRow { [string]$Id; [string]$Username; [string]$Email }; ' +
            '$table = [Data.DataTable]::new(); "Id", "Username", "EMAIL" | ForEach-Object { $null = $table.Columns.Add($_) }; $null = $table.Rows.Add("", [DBNull]::Value, "alice@example.com"); '
        $result = Invoke-Form "$row$Form -Detailed"
        $result.Errors | Should -BeNullOrEmpty
        $result.Output.UserId | Should -Be $alice
        $result.Output.Name | Should -Match '^alice'
        $result.Output.Attempts | Should -Be 1
        @(Get-Arrived).Count | Should -Be 2
        (Get-Reset).id | Should -Be $alice
        (Get-Reset).body | Should -Be $(if ($_['Body']) { $Body } else { '{}' })
    }

    It 'is not looked up where the record has an id' {
        'ok-1', @{ Id = 'ok-2'; Username = 'alice' }, [pscustomobject]@{ _id = 'ok-3'; email = 'alice@example.com' } | Reset-JcSdkSystemUserMfa
        Get-ArrivedText | Should -Be 'ok-1 {}', 'ok-2 {}', 'ok-3 {}'
    }

    It 'may be one of many in a list' {
        $list = [IO.Path]::GetTempFileName()
        "name,email`nOne,ok-1@example.com`nTwo,ok-2@example.com`nNobody,nobody@example.com`nOne again,OK-1@example.com`nThree,ok-3@example.com" | Set-Content $list
        $result = Invoke-Form "Import-Csv '$list' | R -ThrottleLimit 8 -Detailed"
        [IO.File]::Delete($list)
        $result.Output.Name | Should -Be 'ok-1@example.com', 'ok-2@example.com', 'nobody@example.com', 'OK-1@example.com', 'ok-3@example.com'
        $result.Output.Outcome | Should -Be 'reset', 'reset', 'refused', 'cancelled', 'reset'
        $result.Errors.FullyQualifiedErrorId | Should -Be 'User.NotFound,Reset-JcSdkSystemUserMfa'
        $result.Errors[0].TargetObject | Should -Be 'nobody@example.com'
        $result.Errors[0].Exception.Name | Should -Be 'nobody@example.com'
        $result.Warnings | Should -Match '^DuplicateUser: '
        (Get-Reset).id | Sort-Object | Should -Be 'ok-1', 'ok-2', 'ok-3'
    }

    It 'is shown as given under -WhatIf, and nothing is sent' {
        $shown = (Invoke-Shell "R -Username alice@example.com -WhatIf; 'bob@example.com' | R -WhatIf").Text
        $shown | Should -Match 'on target "system user ''alice@example\.com''"\.'
        $shown | Should -Match 'on target "system user ''bob@example\.com''"\.'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'has name and id in the verbose stream and in errors' {
        Set-AnswerFault $alice '[{"status":404}]'
        $result = Invoke-Form 'R -Username alice -Verbose'
        $result.Verbose[0] | Should -Match '^POST https://\S+/api/search/systemusers\?limit=10 \{.*"username":"alice".*, then a reset of the user who is found: \{\}$'
        $result.Verbose[-1] | Should -Match "^alice, ${alice}: refused, HTTP 404"
        $result.Errors[0].TargetObject | Should -Be $alice
        $result.Errors[0].Exception.Message | Should -Match "^User 'alice' \($alice\) was not reset"
    }

    It 'may be piped again as a result: by the id that was found, else by the name' {
        $found = Reset-JcSdkSystemUserMfa -Username alice -Detailed
        Set-AnswerFault 'search:bob' '[{"status":400}]'
        $unfound = Reset-JcSdkSystemUserMfa -Username bob -Detailed -ErrorAction SilentlyContinue
        $unfound.Code, $unfound.UserId | Should -Be 'Lookup.Failed', ''
        Clear-Arrived
        $found, $unfound | Reset-JcSdkSystemUserMfa
        (Get-Reset).id | Should -Be $alice, '5f0c1a2b3c4d5e6f7a8b9c02'
        @(Get-Arrived).Count | Should -Be 3
    }

    It 'comes back from a result with both names, where both were given' {
        $user = [pscustomobject]@{ username = 'alice'; email = 'carol@example.com' }
        $ambiguous = $user | Reset-JcSdkSystemUserMfa -Detailed -ErrorAction SilentlyContinue
        $again = $ambiguous | Reset-JcSdkSystemUserMfa -Detailed -ErrorAction SilentlyContinue
        $ambiguous.Code, $again.Code | Should -Be 'User.Ambiguous', 'User.Ambiguous'
        Get-Reset | Should -BeNullOrEmpty
    }
}

Describe 'Nobody is reset' {
    BeforeEach { Reset-Configuration }

    It '(<Code>) by <Form>' -ForEach @(
        @{ Form = 'R -Username ""'; Code = 'ParameterArgumentValidationErrorEmptyStringNotAllowed' }
        @{ Form = 'R -Username " "'; Code = 'Name.Invalid' }
        @{ Form = 'R -Username " alice"'; Code = 'Name.Invalid' }
        @{ Form = 'R -Username "al*"'; Code = 'Name.Invalid' }
        @{ Form = 'R -Username "alic?"'; Code = 'Name.Invalid' }
        @{ Form = 'R -Username "ali`nce"'; Code = 'Name.Invalid' }
        @{ Form = 'R -Username "ali`0ce"'; Code = 'Name.Invalid' }
        @{ Form = 'R -Username ("alice" + [char]0xd800)'; Code = 'Name.Invalid' }
        @{ Form = '@{username="alice`0";email="alice@example.com"} | R'; Code = 'Name.Invalid' }
        @{ Form = '@{username="alice";email="a@*"} | R'; Code = 'Name.Invalid' }
        @{ Form = '@{username=1} | R'; Code = 'Name.Invalid' }
        @{ Form = '@{username="alice";Email=@("a","b")} | R'; Code = 'Name.Invalid' }
        @{ Form = 'R -Username ("a" * 1025)'; Code = 'Name.Invalid' }
        @{ Form = 'R -Id alice@example.com'; Code = 'Id.Invalid' }
        @{ Form = '"alice@example.com" | R -Id ok-1'; Code = 'Body.Invalid' }
        @{ Form = '"ok-1" | R -Username alice'; Code = 'InputObjectNotBound' }
        @{ Form = 'R -Username alice -Id ok-1'; Code = 'AmbiguousParameterSet' }
        @{ Form = '@{mail="alice@example.com"} | R'; Code = 'Id.Invalid'; Message = "'mail' is not one of the columns that are taken" }
        @{ Form = '[pscustomobject]@{"e-mail"="alice@example.com"} | R'; Code = 'Id.Invalid'; Message = "'e-mail' is not" }
        @{ Form = '[pscustomobject]@{emailAddress="alice@example.com"} | R'; Code = 'Id.Invalid'; Message = "'emailAddress' is not" }
        @{ Form = '[pscustomobject]@{UserPrincipalName="alice@example.com"} | R'; Code = 'Id.Invalid'; Message = "'UserPrincipalName' is not" }
        @{ Form = '[pscustomobject]@{login="alice"} | R'; Code = 'Id.Invalid'; Message = "'login' is not" }
        @{ Form = '[pscustomobject]@{Id="";mail="alice@example.com"} | R'; Code = 'Id.Invalid'; Message = "'mail' is not one of the columns that are taken" }
        @{ Form = '[pscustomobject]@{username="";email=$null} | R'; Code = 'Id.Invalid'; Message = 'does not name a user' }
    ) {
        $result = Invoke-Form $Form
        @($result.Errors)[0].FullyQualifiedErrorId | Should -Match "^$([regex]::Escape($Code)),"
        if ($_['Message']) {
            $result.Errors[0].Exception.Message | Should -Match ([regex]::Escape($Message))
            $result.Errors[0].ErrorDetails.RecommendedAction | Should -Match 'Username or Email'
        }
        Get-Reset | Should -BeNullOrEmpty
    }

    It 'by a search whose answer is not clear (<Code>): <Name>' -ForEach @(
        @{ Name = 'a username that is another user''s address'; Form = 'R -Username bob@example.com'; Code = 'User.Ambiguous' }
        @{ Name = 'both names, of two users'; Form = '@{username="alice";email="carol@example.com"} | R'; Code = 'User.Ambiguous' }
        @{ Name = 'both names, of which the user has one'; Form = '@{username="alice";email="nobody@example.com"} | R'; Code = 'User.Ambiguous' }
        @{ Name = 'neither of both names'; Form = '@{username="nobody";email="nobody@example.com"} | R'; Code = 'User.NotFound' }
        @{ Name = 'nobody'; Form = 'R -Username nobody'; Code = 'User.NotFound' }
        @{ Name = 'somebody else'; Body = '{"totalCount":1,"results":[{"_id":"ok-1","username":"mallory","email":"m@example.com"}]}'; Code = 'Lookup.NotExact' }
        @{ Name = 'more users than it lists'; Body = '{"totalCount":100,"results":[{"_id":"ok-1","username":"alice","email":"a@example.com"}]}'; Code = 'Lookup.NotExact' }
        @{ Name = 'no id'; Body = '{"totalCount":1,"results":[{"username":"alice","email":"a@example.com"}]}'; Code = 'Lookup.Failed' }
        @{ Name = 'an HTML page'; Body = '<html>log in</html>'; Code = 'Lookup.Failed' }
    ) {
        if ($_['Body']) { Set-AnswerFault 'search:alice' (ConvertTo-Json -InputObject @(@{ status = 200; body = $Body })) }
        $result = Invoke-Form $(if ($_['Form']) { $Form } else { 'R -Username alice' })
        $result.Errors.FullyQualifiedErrorId | Should -Be "$Code,Reset-JcSdkSystemUserMfa"
        $result.Errors[0].Exception.Outcome | Should -BeIn 'refused', 'invalid'
        Get-Reset | Should -BeNullOrEmpty
    }

    It 'by a process object, whatever its properties' {
        $result = Invoke-Form 'Get-Process -Id $PID | Add-Member Username alice -PassThru | Add-Member Email alice@example.com -PassThru | R'
        $result.Errors.FullyQualifiedErrorId | Should -Be 'Id.Invalid,Reset-JcSdkSystemUserMfa'
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'by an id that is not found, and the recommendation says what it may be instead' {
        $result = Invoke-Form '"alice",[pscustomobject]@{UserId="bob"} | R'
        $result.Errors.FullyQualifiedErrorId | Should -Be 'User.NotFound,Reset-JcSdkSystemUserMfa', 'User.NotFound,Reset-JcSdkSystemUserMfa'
        $result.Errors[0].ErrorDetails.RecommendedAction | Should -Match '-Username'
        $result.Errors[1].ErrorDetails.RecommendedAction | Should -Match 'the record''s UserId'
    }
}
