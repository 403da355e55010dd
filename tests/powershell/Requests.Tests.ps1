# What is sent for each way of calling the command, as it arrives at the server.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $addresses = Start-Simulator
}
AfterAll { Stop-Simulator }

Describe 'A reset' {
    BeforeEach { Reset-Configuration }

    It 'is one POST with key, JSON and the program''s name' {
        Reset-JcSdkSystemUserMfa -Id ok-1
        $request = @(Get-Arrived)
        $request.Count | Should -Be 1
        "$($request[0].method) $($request[0].target)" | Should -Be 'POST /api/systemusers/ok-1/resetmfa'
        $request[0].headers.'x-api-key' | Should -Be 'simulator-key'
        $request[0].headers.accept | Should -Be 'application/json'
        $request[0].headers.'content-type' | Should -Be 'application/json'
        $request[0].headers.'user-agent' | Should -Match '^jcsdk/\d+\.\d+\.\d+ JumpCloudApiSdkV1/\d+\.\d+\.\d+ PowerShell/'
        $request[0].headers.PSObject.Properties.Name | Should -Not -Contain 'x-org-id'
    }

    It 'names the organization whenever one is configured' {
        $env:JCOrgId = 'org-1'
        Reset-JcSdkSystemUserMfa -Id ok-1
        (Get-Arrived)[0].headers.'x-org-id' | Should -Be 'org-1'
    }

    It 'writes the id as one path segment' {
        Add-User 'a%2Fb%3A%C3%BC'
        Reset-JcSdkSystemUserMfa -Id "a/b:`u{FC}"
        (Get-Arrived)[0].target | Should -BeExactly '/api/systemusers/a%2Fb%3A%C3%BC/resetmfa'
    }

    It 'sends <Body> for: <Form>' -ForEach @(
        @{ Form = 'R -Id ok-1'; Body = '{}' }
        @{ Form = 'R -Id 5f0c1a2b3c4d5e6f7a8b9c0d'; Body = '{}'; User = '5f0c1a2b3c4d5e6f7a8b9c0d' }
        @{ Form = 'R -Id ok-1 -Exclusion'; Body = '{"exclusion":true}' }
        @{ Form = 'R -Id ok-1 -Exclusion:$false'; Body = '{"exclusion":false}' }
        @{ Form = 'R -Id ok-1 -Exclusion -ExclusionUntil 2030-01-02T03:04:05Z'; Body = '{"exclusion":true,"exclusionUntil":"2030-01-02T03:04:05Z"}' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil 2030-01-02T03:04:05+09:00'; Body = '{"exclusionUntil":"2030-01-01T18:04:05Z"}' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil 2030-01-02T03:04:05.999Z'; Body = '{"exclusionUntil":"2030-01-02T03:04:05Z"}' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil 2030-01-02T03:04-0500'; Body = '{"exclusionUntil":"2030-01-02T08:04:00Z"}' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil ([datetime]::new(2030,1,2,3,4,5,999,[DateTimeKind]::Utc))'; Body = '{"exclusionUntil":"2030-01-02T03:04:05Z"}' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil ([datetimeoffset]::new(2030,1,2,3,4,5,[timespan]::FromHours(9)))'; Body = '{"exclusionUntil":"2030-01-01T18:04:05Z"}' }
        @{ Form = 'R -Id ok-1 -Body @{exclusion=$true; exclusionUntil=[datetime]::new(2030,1,2,3,4,5,[DateTimeKind]::Utc)}'; Body = '{"exclusion":true,"exclusionUntil":"2030-01-02T03:04:05Z"}' }
        @{ Form = 'R -Id ok-1 -Body @{exclusion=$true; exclusionUntil=[datetimeoffset]::new(2030,1,2,3,4,5,[timespan]::FromHours(9))}'; Body = '{"exclusion":true,"exclusionUntil":"2030-01-01T18:04:05Z"}' }
        @{ Form = 'R -Id ok-1 -Body @{exclusionUntil="2030-01-02T03:04:05+09:00"}'; Body = '{"exclusionUntil":"2030-01-01T18:04:05Z"}' }
        @{ Form = 'R -Id ok-1 -Body @{exclusion="false"}'; Body = '{"exclusion":false}' }
        @{ Form = 'R -Id ok-1 -Body ''{"exclusion":true}'''; Body = '{"exclusion":true}' }
        @{ Form = 'R -Id ok-1 -Body ([pscustomobject]@{exclusion=$true})'; Body = '{"exclusion":true}' }
        @{ Form = 'R -Id ok-1 -Body ([ordered]@{Exclusion=$true})'; Body = '{"exclusion":true}' }
        @{ Form = 'R -Id ok-1 -Body $typedBody'; Body = '{"exclusion":true}' }
        @{ Form = 'R -Id ok-1 -Body @{}'; Body = '{}' }
        @{ Form = 'R -InputObject @{Id="ok-1"}'; Body = '{}' }
        @{ Form = 'R -InputObject @{SystemuserId="ok-1"} -Exclusion'; Body = '{"exclusion":true}' }
        @{ Form = 'R -InputObject @{_id="ok-1"} -Body @{exclusion=$true}'; Body = '{"exclusion":true}' }
        @{ Form = 'R -InputObject ([pscustomobject]@{Id="ok-1"})'; Body = '{}' }
        @{ Form = 'R -InputObject ok-1'; Body = '{}' }
        @{ Form = 'R -InputObject ''{"id":"ok-1"}'''; Body = '{}' }
        @{ Form = 'R -InputObject $typedUser'; Body = '{}' }
        @{ Form = 'R -InputObject @{Id="ok-1"; _id="ok-1"}'; Body = '{}' }
        @{ Form = '@{Id="ok-1"} | R'; Body = '{}' }
        @{ Form = '"ok-1" | R'; Body = '{}' }
        @{ Form = '''{"_id":"ok-1","exclusion":true}'' | R'; Body = '{"exclusion":true}' }
        @{ Form = '[pscustomobject]@{_id="ok-1"; id="ok-1"; username="u"; mfa=@{exclusion=$false}} | R'; Body = '{}' }
        @{ Form = '$typedUser | R'; Body = '{}' }
        @{ Form = '$typedPerson | R'; Body = '{}'; User = '5f0c1a2b3c4d5e6f7a8b9c0d' }
        @{ Form = 'R -InputObject $typedPerson'; Body = '{}'; User = '5f0c1a2b3c4d5e6f7a8b9c0d' }
        @{ Form = '$typedPerson.Exclusion = $true; $typedPerson | R'; Body = '{"exclusion":true}'; User = '5f0c1a2b3c4d5e6f7a8b9c0d' }
        @{ Form = '$table = [Data.DataTable]::new(); "_id","Exclusion" | ForEach-Object { $null = $table.Columns.Add($_) }; $null = $table.Rows.Add("5f0c1a2b3c4d5e6f7a8b9c0d", "true"); $table.Rows | R'; Body = '{"exclusion":true}'; User = '5f0c1a2b3c4d5e6f7a8b9c0d' }
        @{ Form = '[pscustomobject]@{GroupName="g"; UserId="ok-1"} | R'; Body = '{}' }
        @{ Form = '[pscustomobject]@{Id="ok-1"; Exclussion=""; Until=$null; "mfa.exclusion"=""} | R'; Body = '{}' }
        @{ Form = '[pscustomobject]@{Id="ok-1"; mfa=@{exclusion=$true}; mfaEnrollment=@{totpStatus="NOT_ENROLLED"}; password_expiration_date="2030-01-02"} | R'; Body = '{}' }
        @{ Form = '@{exclusion=$true} | R -Id ok-1'; Body = '{"exclusion":true}' }
        @{ Form = '''{"exclusion":true}'' | R -Id ok-1'; Body = '{"exclusion":true}' }
        @{ Form = '$typedBody | R -Id ok-1'; Body = '{"exclusion":true}' }
        @{ Form = '$typedBody | R -InputObject ok-1'; Body = '{"exclusion":true}' }
        @{ Form = '"ok-1" | R -Body @{exclusion=$true}'; Body = '{"exclusion":true}' }
        @{ Form = '"ok-1" | R -Exclusion'; Body = '{"exclusion":true}' }
        @{ Form = '"ok-1" | R -ExclusionUntil 2030-01-02T03:04:05Z'; Body = '{"exclusionUntil":"2030-01-02T03:04:05Z"}' }
    ) {
        $user = if ($_.ContainsKey('User')) { $User } else { 'ok-1' }
        Add-User $user
        $result = Invoke-Form $Form
        $result.Errors | Should -BeNullOrEmpty
        $result.Output | Should -BeNullOrEmpty
        Get-ArrivedText | Should -Be "$user $Body"
    }

    It 'of several piped users is one request each, in order' {
        'ok-1', @{ Id = 'ok-2' }, [pscustomobject]@{ _id = 'ok-3' } | Reset-JcSdkSystemUserMfa
        Get-ArrivedText | Should -Be 'ok-1 {}', 'ok-2 {}', 'ok-3 {}'
    }

    It 'takes users as the API returns them' {
        $users = Invoke-RestMethod "$($addresses.http)/api/systemusers" -Headers @{ 'x-api-key' = 'simulator-key' }
        Clear-Arrived
        $users.results | Where-Object username -In ok-1, ok-2 | Reset-JcSdkSystemUserMfa
        Get-ArrivedText | Should -Be 'ok-1 {}', 'ok-2 {}'
    }
}

Describe 'A piped record with an id' {
    BeforeEach { Reset-Configuration }

    It 'uses its own fields from a CSV: an empty cell is unset, other columns are ignored' {
        $csv = 'Id,Department,Exclusion,ExclusionUntil', 'ok-1,Sales,,', 'ok-2,Sales,True,2030-01-02T03:04:05Z', 'ok-3,Sales,false,'
        [IO.File]::WriteAllLines("$TestDrive/users.csv", $csv)
        Import-Csv "$TestDrive/users.csv" | Reset-JcSdkSystemUserMfa
        Get-ArrivedText | Should -Be 'ok-1 {}', 'ok-2 {"exclusion":true,"exclusionUntil":"2030-01-02T03:04:05Z"}', 'ok-3 {"exclusion":false}'
    }

    It 'may be a line of a file, which Get-Content decorates' {
        [IO.File]::WriteAllLines("$TestDrive/ids.txt", [string[]]('ok-1', 'ok-2'))
        Get-Content "$TestDrive/ids.txt" | Reset-JcSdkSystemUserMfa -Exclusion
        Get-ArrivedText | Should -Be 'ok-1 {"exclusion":true}', 'ok-2 {"exclusion":true}'
    }

    It 'may have been exported and imported' {
        [pscustomobject]@{ Id = 'ok-1'; Exclusion = $true } | Export-Clixml "$TestDrive/user.xml"
        Import-Clixml "$TestDrive/user.xml" | Reset-JcSdkSystemUserMfa
        Get-ArrivedText | Should -Be 'ok-1 {"exclusion":true}'
    }

    It 'may carry ExclusionDays, counted from the start of the command' {
        $before = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
        $null = Invoke-Form '[pscustomobject]@{Id="ok-1";ExclusionDays="7"}, @{Id="ok-2";ExclusionDays=7}, ''{"id":"ok-3","exclusionDays":7}'', [pscustomobject]@{Id="ok-4";ExclusionDays=""} | R'
        $after = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
        $arrived = Get-ArrivedText
        $arrived[3] | Should -Be 'ok-4 {}'
        $until = @($arrived[0..2] | ForEach-Object { [regex]::Match($_, '"exclusionUntil":"(.+?)"').Groups[1].Value })
        @($until | Sort-Object -Unique).Count | Should -Be 1
        $seconds = [DateTimeOffset]::Parse($until[0], [cultureinfo]::InvariantCulture).ToUnixTimeSeconds()
        $seconds | Should -BeGreaterOrEqual ($before + 7 * 86400)
        $seconds | Should -BeLessOrEqual ($after + 7 * 86400)
    }

    It 'may carry ExclusionDays, which give way to a parameter' {
        $null = Invoke-Form '[pscustomobject]@{Id="ok-1";ExclusionDays="7"} | R -ExclusionUntil 2030-01-02T03:04:05Z'
        Get-ArrivedText | Should -Be 'ok-1 {"exclusionUntil":"2030-01-02T03:04:05Z"}'
    }

    It 'may be a result of the command' {
        $results = Reset-JcSdkSystemUserMfa -Id ok-1 -Exclusion -ExclusionUntil 2030-01-02T03:04:05Z -Detailed
        $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($results))
        Clear-Arrived
        $results | Reset-JcSdkSystemUserMfa
        $copy | Reset-JcSdkSystemUserMfa
        $results | ConvertTo-Csv | ConvertFrom-Csv | Reset-JcSdkSystemUserMfa
        Get-ArrivedText | Should -Be (@('ok-1 {"exclusion":true,"exclusionUntil":"2030-01-02T03:04:05Z"}') * 3)
    }

    It 'gives way to a parameter for the same field and keeps the other: <Parameters>' -ForEach @(
        @{ Parameters = '-Exclusion:$false'; Body = '{"exclusion":false,"exclusionUntil":"2030-01-02T03:04:05Z"}' }
        @{ Parameters = '-ExclusionUntil 2031-01-01T00:00:00Z'; Body = '{"exclusion":true,"exclusionUntil":"2031-01-01T00:00:00Z"}' }
        @{ Parameters = '-Body @{exclusion=$false}'; Body = '{"exclusion":false,"exclusionUntil":"2030-01-02T03:04:05Z"}' }
    ) {
        $null = Invoke-Form "[pscustomobject]@{Id='ok-1'; Exclusion='true'; ExclusionUntil='2030-01-02T03:04:05Z'} | R $Parameters"
        Get-ArrivedText | Should -Be "ok-1 $Body"
    }
}

Describe 'The end of the enrollment period' {
    BeforeEach { Reset-Configuration }

    It 'is now and -ExclusionDays, one value for all users' {
        $before = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
        'ok-1', 'ok-2' | Reset-JcSdkSystemUserMfa -ExclusionDays 7
        $after = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
        $until = @(Get-Arrived | ForEach-Object { [regex]::Match($_.body, '"exclusionUntil":"(.+?)"').Groups[1].Value })
        $until.Count | Should -Be 2
        $until[0] | Should -Be $until[1]
        $seconds = [DateTimeOffset]::Parse($until[0], [cultureinfo]::InvariantCulture).ToUnixTimeSeconds()
        $seconds | Should -BeGreaterOrEqual ($before + 7 * 86400)
        $seconds | Should -BeLessOrEqual ($after + 7 * 86400)
    }

    It 'is read in the host''s time zone where it names none: <Form>' -ForEach @(
        @{ Form = 'R -Id ok-1 -ExclusionUntil 2030-01-02'; Until = '2030-01-02T05:00:00Z' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil "2030-07-02 03:04:05"'; Until = '2030-07-02T07:04:05Z' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil ([datetime]::new(2030,1,2))'; Until = '2030-01-02T05:00:00Z' }
        @{ Form = 'R -Id ok-1 -Body @{exclusionUntil="2030-01-02"}'; Until = '2030-01-02T05:00:00Z' }
        @{ Form = '[pscustomobject]@{Id="ok-1";ExclusionUntil="2030-01-02"} | R'; Until = '2030-01-02T05:00:00Z' }
        @{ Form = 'R -Id ok-1 -ExclusionUntil 2030-01-02T03:04:05Z'; Until = '2030-01-02T03:04:05Z' }
    ) {
        (Invoke-Shell $Form -TimeZone 'America/New_York').ExitCode | Should -Be 0
        Get-ArrivedText | Should -Be "ok-1 {`"exclusionUntil`":`"$Until`"}"
    }

    It 'is refused as a local time that the clocks skip' {
        $result = Invoke-Shell 'R -Id ok-1 -ExclusionUntil 2030-03-10T02:30:00; @{Id="ok-1";ExclusionUntil="2030-03-10T02:30:00"} | R' -TimeZone 'America/New_York'
        [regex]::Matches((ConvertTo-OneLine $result.Text), 'does not exist').Count | Should -Be 2
        Get-Arrived | Should -BeNullOrEmpty
    }

    It 'is standard time, and said so, where the local time comes twice: <Form>' -ForEach @(
        @{ Form = 'R -Id ok-1 -ExclusionUntil 2030-11-03T01:30:00 -Verbose' }
        @{ Form = '@{Id="ok-1";ExclusionUntil="2030-11-03T01:30:00"} | R -Verbose' }
    ) {
        $result = Invoke-Shell $Form -TimeZone 'America/New_York'
        $result.Text -replace '\s+', ' ' | Should -Match 'comes twice in .* read as standard time, 2030-11-03T06:30:00Z'
        Get-ArrivedText | Should -Be 'ok-1 {"exclusionUntil":"2030-11-03T06:30:00Z"}'
    }
}
