# The help: complete, in step with the command, and true. Its examples are run as they are printed.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'What BeforeAll sets, It reads.')]
param()

BeforeDiscovery {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $help = Get-Help Reset-JcSdkSystemUserMfa -Full
    $command = Get-Command Reset-JcSdkSystemUserMfa
    $common = [Management.Automation.PSCmdlet]::CommonParameters
    $parameters = @($command.Parameters.Values | Where-Object Name -NotIn $common | ForEach-Object { @{ Name = $_.Name } })
    $sets = @($command.ParameterSets | ForEach-Object { @{ Name = $_.Name; Set = $_ } })
    $examples = @($help.examples.example | ForEach-Object { @{ Title = $_.title; Code = $_.code } })
    $codes = @([regex]::Matches([IO.File]::ReadAllText("$PSScriptRoot/../../src/code.rs"), '(?m)^ {4}\w+ = "([\w.]+)",') | ForEach-Object { @{ Code = $_.Groups[1].Value } })
    # The module's own.
    $codes += foreach ($code in 'Confirmation.NotPossible', 'Library.Missing', 'Library.Unusable') { @{ Code = $code } }
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $help = Get-Help Reset-JcSdkSystemUserMfa -Full
    $command = Get-Command Reset-JcSdkSystemUserMfa
    $common = [Management.Automation.PSCmdlet]::CommonParameters
    $url = 'https://docs.microsoft.com/en-us/powershell/module/jumpcloudapisdkv1/reset-jcsdksystemusermfa'

    # The text of one or more paragraphs.
    function Join-Text($Paragraph) { @($Paragraph | ForEach-Object { $_.Text }) -join "`n" }
}

Describe 'Get-Help Reset-JcSdkSystemUserMfa' {
    It 'warns of the reset and of the lock-out before all else' {
        $help.Synopsis | Should -Match 'Resets the TOTP MFA' -Because 'it is not generated from the syntax'
        $help.Synopsis | Should -Match 'locked out'
        Join-Text $help.description | Should -Match 'WARNING: .*locked out'
    }

    It 'has no text of the generated page left' {
        $shown = $help | Out-String -Width 200
        $shown | Should -Not -Match 'HELP MESSAGE MISSING'
        $shown | Should -Not -Match '\\n'
    }

    It 'has inputs, outputs and the complex parameters'' properties' {
        @($help.inputTypes.inputType.type.name) | Should -Be 'JumpCloudApiSdkV1.Models.IBodyParameterSystemUserMfaResetRequestBody', 'JumpCloudApiSdkV1.Models.IJumpCloudApIsIdentity'
        foreach ($type in $command.OutputType.Name) { @($help.returnValues.returnValue.type.name) | Should -Contain $type }
        $help.alertSet.title | Should -Be 'COMPLEX PARAMETER PROPERTIES'
        $notes = Join-Text $help.alertSet.alert
        foreach ($type in 'IJumpCloudApIsIdentity', 'IBodyParameterSystemUserMfaResetRequestBody') {
            $notes | Should -Match "<$type>"
            foreach ($property in "JumpCloudApiSdkV1.Models.$type".ForEach([type]).GetProperties()) { $notes | Should -Match "\[$($property.Name) <" }
        }
    }

    It 'links to the online version, and -Online opens the same' {
        $help.relatedLinks.navigationLink[0].linkText | Should -Be 'Online Version:'
        $help.relatedLinks.navigationLink[0].uri | Should -BeExactly $url
        $command.HelpUri | Should -BeExactly $url
    }

    It 'lists the parameters by name, and no others than the command has' {
        $names = @($help.parameters.parameter.name)
        $names | Should -Be @($names | Sort-Object)
        $names | Should -Be @($command.Parameters.Keys | Where-Object { $_ -notin $common } | Sort-Object)
    }

    It 'goes with a tooltip for each parameter that is not the engine''s own' {
        foreach ($parameter in $command.Parameters.Values | Where-Object Name -NotIn @($common; 'WhatIf'; 'Confirm')) {
            foreach ($attribute in $parameter.Attributes | Where-Object { $_ -is [Management.Automation.ParameterAttribute] }) {
                $attribute.HelpMessage | Should -Not -BeNullOrEmpty -Because $parameter.Name
            }
        }
    }

    It 'shows the syntax of set <Name>' -ForEach $sets {
        $item = $help.syntax.syntaxItem[$command.ParameterSets.Name.IndexOf($Name)]
        $parameters = @($Set.Parameters | Where-Object Name -NotIn $common)
        @($item.parameter.name | Sort-Object) | Should -Be @($parameters.Name | Sort-Object)
        foreach ($parameter in $parameters) {
            $shown = $item.parameter | Where-Object name -EQ $parameter.Name
            $shown.required | Should -Be "$($parameter.IsMandatory)" -Because $parameter.Name
            "$($shown.parameterValue)" | Should -Be $(if ($parameter.ParameterType -eq [switch]) { '' } else { $parameter.ParameterType.Name }) -Because $parameter.Name
        }
    }
}

Describe 'The help of -<Name>' -ForEach $parameters {
    BeforeAll {
        $shown = Get-Help Reset-JcSdkSystemUserMfa -Parameter $Name
        $parameter = $command.Parameters[$Name]
    }

    It 'explains it' {
        (Join-Text $shown.description).Length | Should -BeGreaterThan 40
    }

    It 'agrees with the command' {
        $attributes = @($parameter.Attributes | Where-Object { $_ -is [Management.Automation.ParameterAttribute] })
        $shown.type.name | Should -Be $parameter.ParameterType.FullName
        $shown.required | Should -Be "$($attributes[0].Mandatory)"
        $shown.position | Should -Be 'named'
        $shown.pipelineInput | Should -Be $(if ($attributes.ValueFromPipeline -contains $true) { 'True (ByValue)' } else { 'False' })
        $shown.aliases | Should -Be $(if ($parameter.Aliases) { $parameter.Aliases -join ', ' } else { 'none' })
        $sets = if ($parameter.ParameterSets.ContainsKey('__AllParameterSets')) { '(All)' } else { ($parameter.ParameterSets.Keys | Sort-Object) -join ', ' }
        @($shown.description)[-1].Text | Should -Be "Parameter sets: $sets"
    }
}

Describe 'about_JumpCloudApiSdkV1' {
    BeforeAll {
        $about = Get-Help about_JumpCloudApiSdkV1 | Out-String -Width 200

        # The commands that a section shows, block by block.
        function Get-CommandOf([string]$Section) {
            $text = [regex]::Match(($about -replace '\r'), "(?s)\n$Section\n(.+?)\n[A-Z]").Groups[1].Value
            @([regex]::Matches($text, '(?m)^ {8}\S.*(\n {8}.*)*') | ForEach-Object { $_.Value })
        }
    }

    It 'is found' {
        $about | Should -Match 'THE FIVE OUTCOMES'
    }

    It 'fits a terminal of 80 columns' {
        @($about -split '\r?\n' | Where-Object { $_.TrimEnd().Length -gt 80 }) | Should -BeNullOrEmpty
    }

    It 'makes a CI job fail when a user was not reset: <Name>' -ForEach @(
        @{ Name = 'all were reset'; Users = 'ok-1', 'ok-2', 'ok-1'; Key = 'simulator-key'; ExitCode = 0 }
        @{ Name = 'one was refused'; Users = 'ok-1', 'nobody', 'ok-2'; Key = 'simulator-key'; ExitCode = 1 }
        @{ Name = 'one is invalid'; Users = 'ok-1', '..'; Key = 'simulator-key'; ExitCode = 1 }
        @{ Name = 'no key'; Users = 'ok-1', 'ok-2'; Key = ''; ExitCode = 1 }
    ) {
        $null = Start-Simulator
        try {
            Push-Location $TestDrive
            @('Id') + $Users | Set-Content users.csv
            (Get-CommandOf 'CI JOBS'), "'the end'" | Set-Content job.ps1
            $result = Invoke-Shell "Set-Location '$TestDrive'; & ./job.ps1; exit `$LASTEXITCODE" -Environment @{ JCApiKey = $Key }
            $result.ExitCode | Should -Be $ExitCode -Because $result.Text
            $result.Text -match 'the end' | Should -Be ($ExitCode -eq 0)
        }
        finally { Pop-Location; Stop-Simulator }
    }

    It 'shows how to give a column of addresses its name' {
        $null = Start-Simulator
        try {
            Push-Location $TestDrive
            'mail', 'ok-1@example.com' | Set-Content staff.csv
            $result = Invoke-Shell "Set-Location '$TestDrive'; $(Get-CommandOf 'BY NAME')"
            ConvertTo-OneLine $result.Text | Should -Be "What if: Performing the operation `"Reset TOTP MFA`" on target `"system user 'ok-1@example.com'`"."
        }
        finally { Pop-Location; Stop-Simulator }
    }

    It 'shows how to go on with a run that was broken off' {
        $addresses = Start-Simulator -Argument '--users', '80'
        $d, $e, $was = '5f0c1a2b3c4d5e6f7a8b9c0d', '5f0c1a2b3c4d5e6f7a8b9c0e', '5f0c1a2b3c4d5e6f7a8b9c0f'
        $how, $run, $look, $resume, $list, $retry = Get-CommandOf 'A RUN THAT IS BROKEN OFF'
        try {
            Push-Location (New-Item "$TestDrive/broken" -ItemType Directory)
            $lost = "$d@example.com", "$e@example.com", "$was@example.com"
            $until = "$([DateTime]::UtcNow.Year + 1)-01-15T17:00:00Z"
            @('Email,Exclusion,ExclusionUntil', 'ok-1@example.com,,'; $lost | ForEach-Object { "$_,true,$until" }; 2..80 | ForEach-Object { "ok-$_@example.com,," }) | Set-Content people.csv
            Set-Fault $d '[{"never":true}]'
            $e, $was | ForEach-Object { Set-Fault $_ '[{"status":502}]' }

            $process = Start-Shell "Set-Location '$PWD'; $how; $run"
            Wait-Until { $sent = @(Get-Arrived | Where-Object id); @($d, $e, $was | Where-Object { $_ -notin $sent.id }).Count -eq 0 }
            # What the server has answered goes into the journal, which nobody else can open now.
            Start-Sleep -Milliseconds 500
            $process.Kill()
            $process.WaitForExit()
            @(Get-Content mfa.jsonl | Select-String '"outcome":"unknown"').Count | Should -Be 2 -Because 'one has no end, and two have an unknown one'
            # As a power failure leaves the last line.
            [IO.File]::AppendAllText("$PWD/mfa.jsonl", '{"run":"0123456789abcdef","at":"2030-')
            $before = @(Get-Arrived | Where-Object id | ForEach-Object id)
            $before.Count | Should -BeLessThan 83 -Because 'there has to be something left to do'

            $text = (Invoke-Shell "Set-Location '$PWD'; $how; $look").Text
            @([regex]::Matches($text, '(?m)^What if:')).Count | Should -Be (83 - $before.Count) -Because $text
            @(Get-Arrived | Where-Object id).Count | Should -Be $before.Count -Because 'nothing is sent'

            $text = ConvertTo-OneLine (Invoke-Shell "Set-Location '$PWD'; $how; $resume").Text
            foreach ($one in $lost) { $text | Should -Match "It is unknown whether user '$one' \([0-9a-f]{24}\) was reset" }
            $text | Should -Match 'unknown: 3\.'
            @(Get-Arrived | Where-Object id | ForEach-Object id | Sort-Object) | Should -Be @(@($d, $e, $was) + @(1..80 | ForEach-Object { "ok-$_" }) | Sort-Object) -Because 'nobody is sent twice'

            $text = (Invoke-Shell "Set-Location '$PWD'; $how; $list; $retry").Text
            @([regex]::Matches($text, '(?m)^(\w{24}) +\S+@example.com') | ForEach-Object { $_.Groups[1].Value } | Sort-Object) | Should -Be $d, $e, $was -Because $text
            $text | Should -Not -Match 'Reset-JcSdkSystemUserMfa:'
            $asked = "{`"exclusion`":true,`"exclusionUntil`":`"$until`"}"
            @(Get-Arrived | Where-Object id | Select-Object -Skip 83 | ForEach-Object { "$($_.id) $($_.body)" } | Sort-Object) | Should -Be "$d $asked", "$e $asked"

            $text = (Invoke-Shell "Set-Location '$PWD'; $how; $list").Text
            @([regex]::Matches($text, '(?m)^(\w{24}) ') | ForEach-Object { $_.Groups[1].Value }) | Should -Be $was -Because $text
        }
        finally { Pop-Location; Stop-Simulator }
    }

    It 'explains <Code>' -ForEach $codes {
        $about | Should -Match "(?m)^ +$([regex]::Escape($Code))( \*)?( +|\r?\n {20,})\S"
    }
}

Describe 'Each example' {
    BeforeAll {
        $addresses = Start-Simulator -Argument '--users', '998'
        $d, $e = '5f0c1a2b3c4d5e6f7a8b9c0d', '5f0c1a2b3c4d5e6f7a8b9c0e'
        $grace = '{"exclusion":true,"exclusionUntil":"<date>"}'
        $badGateway = '[{"status":502}]'

        # For each example what has to be there before, and what has to arrive.
        $cases = @{
            'Reset one user'                                        = @{ Arrives = 'first.last?', "$d {}" }
            'Give the user a week of grace'                         = @{ Arrives = 'first.last@example.com?', "$d $grace" }
            'A dry run'                                             = @{ Arrives = @() }
            'Pipe users in'                                         = @{ Arrives = "$d $grace", "$e $grace" }
            'Everyone on a list of e-mail addresses'                = @{
                Before  = { [regex]::Match($Code, '(?ms)^Email,.+?(?=^PS>)').Value | Set-Content people.csv }
                Arrives = "$d {}", "$e {}", 'first.last@example.com?', 'other.one@example.com?'
            }
            'Users and dates from a CSV file'                       = @{
                # The file that the example shows, its dates moved to next year.
                Before  = { [regex]::Match($Code, '(?ms)^Id,.+?(?=^PS>)').Value -replace '\b20\d\d-', "$([DateTime]::UtcNow.Year + 1)-" | Set-Content users.csv }
                Arrives = "$d $grace", "$e {}"
            }
            'A thousand users, with the results in a CSV file'      = @{
                Before  = {
                    @('Id'; 1..499 | ForEach-Object { "ok-$_" }; $d; 500..998 | ForEach-Object { "ok-$_" }; $e) | Set-Content all-users.csv
                    Set-Fault $d '[{"status":404}]'
                    Set-Fault $e $badGateway
                }
                # Several are on their way at once, so they arrive in any order.
                Arrives = @(1..998 | ForEach-Object { "ok-$_" }; $d; $e) | ForEach-Object { "$_ $grace" } | Sort-Object
            }
            'Try again those who were surely not reset'             = @{
                Before  = {
                    $asked = "True,$([DateTime]::UtcNow.Year + 1)-01-15T17:00:00Z"
                    @('UserId,Name,Outcome,Code,Exclusion,ExclusionUntil', "ok-1,,reset,,$asked", "$d,,refused,User.NotFound,$asked", "ok-2,,unknown,Server.Failed,$asked",
                        "$e,other.one,cancelled,NotTried,,", ",ok-4@example.com,refused,Lookup.Failed,$asked", "ok-1,,cancelled,DuplicateUser,$asked",
                        "ok-3,,unknown,Cancelled,$asked", ',,invalid,Id.Invalid,,') | Set-Content results.csv
                }
                Arrives = "$d $grace", "$e {}", 'ok-4@example.com?', "ok-4 $grace"
            }
            'A run that can be gone on with'                        = @{
                Before  = {
                    'Email', 'first.last@example.com', 'other.one@example.com', 'ok-1@example.com' | Set-Content people.csv
                    Set-Fault $e '[{"status":401,"message":"key withdrawn"}]'
                    Add-Person
                }
                Arrives = 'first.last@example.com?', "$d {}", 'other.one@example.com?', "$e {}",
                    'first.last@example.com?', 'other.one@example.com?', "$e {}", 'ok-1@example.com?', 'ok-1 {}'
            }
            'An API key for one call'                               = @{ Environment = @{ JCApiKey = '' }; Arrives = "$d {}", "$e {}" }
            'When the outcome is unknown'                           = @{ Before = { Set-Fault $d $badGateway }; Arrives = "$d {}" }
        }

        function Add-Person {
            foreach ($person in @{ Id = $d; Username = 'first.last' }, @{ Id = $e; Username = 'other.one' }) {
                $body = "{`"username`":`"$($person.Username)`",`"email`":`"$($person.Username)@example.com`"}"
                $null = Invoke-RestMethod "$($addresses.admin)/users/$($person.Id)" -Method Put -Body $body -ContentType application/json
            }
        }

        # Where a person or another module would answer.
        $standIns = @'
            function Read-Host([string]$Prompt, [switch]$AsSecureString) { Write-Host "${Prompt}: ********"; New-Key }
            function Get-Secret([string]$Name) { New-Key }
            function New-Key { $key = [securestring]::new(); 'simulator-key'.ToCharArray() | ForEach-Object { $key.AppendChar($_) }; $key }
'@

        # The transcript's commands, in one session, each with what it prints.
        function Invoke-Transcript([string]$Code, [hashtable]$Environment) {
            $commands = @([regex]::Matches($Code, '(?m)^PS> (?<first>.*)(\r?\n>> (?<more>.*))*') | ForEach-Object {
                    (@($_.Groups['first'].Value) + @($_.Groups['more'].Captures.Value)) -join "`n"
                })
            $commands | ConvertTo-Json -AsArray | Set-Content commands.json
            $script = @"
                $standIns
                Set-Location -LiteralPath '$PWD'
                foreach (`$command in Get-Content commands.json -Raw | ConvertFrom-Json) {
                    . ([scriptblock]::Create(`$command)) 2>&1 3>&1 | ForEach-Object { `$_ -is [Management.Automation.WarningRecord] ? "WARNING: `$_" : `$_ } | Out-String -Width 80 | Write-Host
                    Write-Host '<end of command>'
                }
"@
            (Invoke-Shell $script -Environment $Environment).Text -split '<end of command>' | Select-Object -SkipLast 1
        }

        # What differs from run to run: dates, times, and where lines are broken.
        function ConvertTo-Comparable([string]$Text) {
            (($Text -replace '20\d\d-\d\d-\d\d[T ][\d:]{8}(Z| [+-][\d:]{5})', '<date>' -replace '\d+[.,]\d{3} s', '<time>') -replace '\s+', ' ').Trim()
        }
    }
    AfterAll { Stop-Simulator }
    BeforeEach {
        Reset-Configuration
        Add-Person
        Push-Location (New-Item "$TestDrive/$([guid]::NewGuid())" -ItemType Directory)
    }
    AfterEach { Pop-Location }

    It 'has a case here, whichever it is' {
        @($help.examples.example.title -replace '^Example \d+: ') | Sort-Object | Should -Be @($cases.Keys | Sort-Object)
    }

    It '"<Title>" prints and sends what it says' -ForEach $examples {
        $case = $cases[$Title -replace '^Example \d+: ']
        if ($case.ContainsKey('Before')) { . $case.Before }
        $printed = @(Invoke-Transcript $Code $(if ($case.ContainsKey('Environment')) { $case.Environment } else { @{} }))
        $expected = @($Code -split '(?m)^PS> .*(?:\r?\n>> .*)*' | Select-Object -Skip 1)
        @($printed | ForEach-Object { ConvertTo-Comparable $_ }) -join "`n" | Should -BeExactly (@($expected | ForEach-Object { ConvertTo-Comparable $_ }) -join "`n")

        # A search as "name?".
        $arrived = @(Get-Arrived | ForEach-Object { if ($_.name) { "$($_.name)?" } else { ConvertTo-Comparable "$($_.id) $($_.body)" } })
        if ($Code -match 'ThrottleLimit') { $arrived = @($arrived | Sort-Object) }
        $arrived -join "`n" | Should -BeExactly ($case.Arrives -join "`n")
    }

    It '"<Title>" fits a terminal of 80 columns' -ForEach $examples {
        # Get-Help indents by four and leaves the last column free.
        @($Code -split '\r?\n' | Where-Object { $_.Length -gt 75 }) | Should -BeNullOrEmpty
    }
}
