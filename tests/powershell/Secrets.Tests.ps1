# The key is shown nowhere, whatever happens.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $key = 'k3y-s3cret/+%-that-is-longer-than-what-is-shown-of-a-text-in-a-message-0123456789'
    $addresses = Start-Simulator -Argument '--key', $key
    $env:JCApiKey = $key

    # The key as it is, and as a server's answer or a URL may have it.
    $bytes = [Text.Encoding]::UTF8.GetBytes($key)
    $shapes = $key, [Convert]::ToBase64String($bytes).TrimEnd('='), [uri]::EscapeDataString($key), ($key -replace '/', '\/') | ForEach-Object { [regex]::Escape($_.Substring(0, 12)) }
    $pattern = ($shapes + [regex]::Escape('proxy-pass-s3cret')) -join '|'
}
AfterAll { Stop-Simulator }

Describe 'The key' {
    BeforeEach { Reset-Configuration; $env:JCApiKey = $key }

    It 'is in no stream, record, exception or transcript after: <Name>' -ForEach @(
        @{ Name = 'a success with an echo'; Setup = 'Set-Fault ok-1 ''[{"status":200,"echoHeaders":"plain"}]'''; Call = 'R -Id ok-1' }
        @{ Name = 'an echo of the headers'; Setup = 'Set-Fault ok-1 ''[{"echoHeaders":"plain"}]'''; Call = 'R -Id ok-1' }
        @{ Name = 'an echo in JSON'; Setup = 'Set-Fault ok-1 ''[{"echoHeaders":"json"}]'''; Call = 'R -Id ok-1' }
        @{ Name = 'an echo, percent-encoded'; Setup = 'Set-Fault ok-1 ''[{"echoHeaders":"percent"}]'''; Call = 'R -Id ok-1' }
        @{ Name = 'an echo in base64'; Setup = 'Set-Fault ok-1 ''[{"echoHeaders":"base64"}]'''; Call = 'R -Id ok-1' }
        @{ Name = 'a refused key'; Setup = 'Set-Fault ok-1 ''[{"status":401}]'''; Call = 'R -Id ok-1' }
        @{ Name = 'a lost connection'; Setup = 'Set-Fault ok-1 ''[{"reset":"before"}]'''; Call = 'R -Id ok-1' }
        @{ Name = 'an untrusted host'; Setup = '$env:JCApiUrl = $addresses.selfSigned'; Call = 'R -Id ok-1' }
        @{ Name = 'a key that cannot be sent'; Setup = '$env:JCApiKey = "$key`n"'; Call = 'R -Id ok-1' }
        @{ Name = 'a key as a parameter'; Setup = 'Set-Fault ok-1 ''[{"echoHeaders":"plain"}]'''; Call = 'R -Id ok-1 -ApiKey (ConvertTo-SecureString $env:JCApiKey -AsPlainText -Force)' }
        @{ Name = 'a key as text'; Setup = ''; Call = 'R -Id ok-1 -ApiKey $env:JCApiKey' }
        @{ Name = 'a wrong proxy password'; Setup = ''; Call = 'R -Id ok-1 -Proxy $env:TEST_PROXY -ProxyCredential ([pscredential]::new("someone", (ConvertTo-SecureString ("proxy-pass" + "-s3cret") -AsPlainText -Force)))' }
        @{ Name = 'a proxy URL with a password'; Setup = '$env:HTTPS_PROXY = "http://proxy-user:proxy-pass-s3cret@localhost:x"'; Call = 'R -Id ok-1' }
        @{ Name = 'what would be done'; Setup = ''; Call = 'R -Id ok-1 -WhatIf' }
        @{ Name = 'a key that came as an id'; Setup = ''; Call = '$env:JCApiKey, $env:JCApiKey, "..", @{ Id = $env:JCApiKey; _id = "x" } | R' }
        @{ Name = 'a key as an id that would be reset'; Setup = ''; Call = '$env:JCApiKey | R -WhatIf' }
        @{ Name = 'a key that cannot cross as an id'; Setup = ''; Call = '"$env:JCApiKey$([char]0)", ($env:JCApiKey + [char]0xd800) | R' }
        @{ Name = 'a key in another column'; Setup = ''; Call = '@{ Id = "ok-1"; Exclusion = $env:JCApiKey }, @{ Id = "ok-2"; ExclusionUntil = "a date and $env:JCApiKey" } | R' }
        @{ Name = 'a key as the name of a field'; Setup = ''; Call = '@{ Id = "ok-1"; "exclusion$env:JCApiKey" = 1 } | R; R -Id ok-1 -Body @{ $env:JCApiKey = 1 }' }
        @{ Name = 'a key at the end of what is shown of a field''s name'; Setup = ''; Call = 'foreach ($length in 960, 1000, 1020) { R -Id ok-1 -Body @{ ("y" * $length + $env:JCApiKey) = 1 } }; "ok-1" | R' }
        @{ Name = 'a key as an id where there is no client'; Setup = '$env:JCApiUrl = "https://127.0.0.1/?x"'; Call = '$env:JCApiKey, $env:JCApiKey | R; R -Id $env:JCApiKey' }
        @{ Name = 'a key as a parameter and as an id where there is no client'; Setup = '$env:JCApiUrl = "https://127.0.0.1/?x"'; Call = '$k = $env:JCApiKey; $env:JCApiKey = "another-key"; $k | R -ApiKey (ConvertTo-SecureString $k -AsPlainText -Force)' }
        @{ Name = 'a key as an id beside arguments that exclude each other'; Setup = ''; Call = '$env:JCApiKey | R -ExclusionUntil 2030-01-01 -ExclusionDays 3' }
        @{ Name = 'a key as a region'; Setup = '$env:HTTPS_PROXY = $addresses.closed'; Call = '$env:JCApiUrl = ""; $env:JCEnvironment = $env:JCApiKey; R -Id ok-1; R -Id ok-1 -Environment $env:JCApiKey' }
        @{ Name = 'a key as a date'; Setup = ''; Call = 'R -Id ok-1 -ExclusionUntil $env:JCApiKey' }
        @{ Name = 'a key as an id after the last that was tried'; Setup = 'Set-Fault ok-1 ''[{"status":401}]'''; Call = '"ok-1", $env:JCApiKey | R' }
    ) {
        . ([scriptblock]::Create($Setup))
        $script = @"
Start-Transcript '$TestDrive/transcript.txt' | Out-Null
`$DebugPreference = 'Continue'
$Call -Verbose -Detailed -ErrorVariable failed *>&1 | Format-List * -Force
`$Error | Format-List * -Force
`$Error | ForEach-Object { `$_.Exception } | Format-List * -Force
`$Error | ForEach-Object { "`$(`$_.Exception)"; `$_.Exception.Data; `$_.TargetObject; `$_.ErrorDetails; `$_.InvocationInfo.BoundParameters }
Get-Error | Out-String
"looked at `$(`$Error.Count) errors"
Stop-Transcript | Out-Null
"@
        $text = (Invoke-Shell $script -Argument '-NonInteractive' -Environment @{ TEST_PROXY = $addresses.proxyAuth }).Text + [IO.File]::ReadAllText("$TestDrive/transcript.txt")
        $text | Should -Match 'looked at \d errors'
        # Lines may be wrapped anywhere.
        $text -replace '\r?\n *\|? *' | Should -Not -Match $pattern
        $text | Should -Not -Match $pattern
    }

    It 'is sent to no host but the API' {
        $env:HTTPS_PROXY = $addresses.proxy
        Reset-JcSdkSystemUserMfa -Id ok-1
        foreach ($request in Get-Arrived | Where-Object listener -EQ 'proxy') {
            $request | ConvertTo-Json -Depth 5 | Should -Not -Match $pattern
        }
        @(Get-Arrived | Where-Object listener -EQ 'proxy').Count | Should -Be 1
    }
}
