# Ctrl+C and other stops: the command ends at once, connections are closed, and users who are unknown are named.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $addresses = Start-Simulator

    # Runs the code in a runspace, stops it once the first result is out and $Count requests have arrived, and gives its
    # warnings and results.
    function Invoke-Stopped([string]$Form, [int]$Count) {
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; Set-Alias R Reset-JcSdkSystemUserMfa; $Form")
        $output = [Management.Automation.PSDataCollection[psobject]]::new()
        $running = $shell.BeginInvoke([Management.Automation.PSDataCollection[psobject]]::new(), $output)
        Wait-Until { $output.Count -ge 1 -and @(Get-Arrived).Count -ge $Count }
        $shell.Stop()
        # Wait until the pipeline's thread has ended, because it still uses the runspace that Dispose closes.
        try { $null = $shell.EndInvoke($running) }
        catch { "$($_.Exception.GetBaseException().GetType().Name)" | Should -Be PipelineStoppedException }
        [pscustomobject]@{ Warnings = @($shell.Streams.Warning | ForEach-Object { $_.Message }); Errors = @($shell.Streams.Error | Where-Object FullyQualifiedErrorId -NE PipelineStopped); Output = @($output) }
        $shell.Dispose()
    }
}
AfterAll { Stop-Simulator }

Describe 'A stop' {
    BeforeEach { Reset-Configuration }

    It 'returns long before the answer, closes the connection and names the user who is unknown' {
        $before = (Get-SimulatorState).openConnections
        Set-Fault ok-2 '[{"never":true}]'
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $result = Invoke-Stopped '"ok-1","ok-2","ok-3" | R -PassThru -TimeoutSec 3600' 2
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 40
        $result.Output.Count | Should -Be 1
        $result.Warnings.Count | Should -Be 1
        $result.Warnings[0] | Should -Be 'Stopped. Of the users that came in, the first is done: ok-1. It is not known whether these users were reset: ok-2.'
        $result.Errors | Should -BeNullOrEmpty
        Wait-Until { (Get-SimulatorState).openConnections -le $before }
        (Get-Arrived).id | Should -Be 'ok-1', 'ok-2'
    }

    It 'with several in flight names each of them, and those who were reset but not shown' {
        Set-Fault ok-2 '[{"never":true}]'
        Set-Fault ok-4 '[{"never":true}]'
        $result = Invoke-Stopped '"ok-1","ok-2","ok-3","ok-4" | R -ThrottleLimit 4 -TimeoutSec 3600 -Detailed' 4
        $unknown = $result.Warnings -match 'not known whether' -join ''
        $unknown | Should -Match '\bok-2\b'
        $unknown | Should -Match '\bok-4\b'
        # Those that were answered may have been shown before the stop; none is lost.
        $named = @($result.Output.UserId) + @([regex]::Matches($result.Warnings -join ' ', 'ok-\d').Value)
        $named | Sort-Object -Unique | Should -Be 'ok-1', 'ok-2', 'ok-3', 'ok-4'
    }

    It 'names them also when its warnings cannot be written as usual: <_>' -ForEach '3>&1', '-WarningAction Stop' {
        # All three are handed over before the first is answered; ok-3 is reset, and its result waits behind ok-2.
        Set-Fault ok-1 '[{"delayMs":3000}]'
        Set-Fault ok-2 '[{"never":true}]'
        $arrived = "@(Invoke-RestMethod $($addresses.admin)/log | ForEach-Object { `$_ }).Count"
        $wait = "ForEach-Object { for (`$n = 0; `$n -lt 500 -and $arrived -lt 3; `$n++) { Start-Sleep -Milliseconds 20 }; Start-Sleep 2; `$_ }"
        $result = Invoke-Shell "'ok-1','ok-2','ok-3' | R -PassThru -ThrottleLimit 3 -TimeoutSec 3600 $_ | $wait | Select-Object -First 1"
        $text = ConvertTo-OneLine $result.Text
        $text | Should -Match '^True'
        $text | Should -Match 'the first is done: ok-1\. These users were reset as well, though their results may not have been shown: ok-3\. It is not known whether these users were reset: ok-2\.'
    }

    It 'says how far it came also when nobody is unknown, because a variable would have lost the output' {
        $result = Invoke-Stopped '"ok-1","ok-2",".." | ForEach-Object { $_; if ($_ -eq "..") { Start-Sleep 60 } } | R -Detailed -ErrorAction SilentlyContinue' 2
        $result.Warnings | Should -Be 'Stopped. Of the users that came in, the first 3 are done; the last of them is ...'
    }

    It 'says nothing when nobody is unknown and no output is lost: <_>' -ForEach @(
        '"ok-1","ok-2" | R -PassThru | Select-Object -First 1'
        'foreach ($x in 1) { "ok-1","ok-2" | R -PassThru | ForEach-Object { $_; break } }'
        '"ok-1","ok-2" | R -PassThru -WhatIf'
        '"bad","ok-2" | R -ThrottleLimit 4 -PassThru -ErrorAction SilentlyContinue'
    ) {
        Set-Fault bad '[{"status":404}]'
        (Invoke-Runspace $_).Warnings | Should -BeNullOrEmpty
    }

    It 'of a steppable pipeline that is disposed without its end, as an older proxy function does, warns and closes connections' {
        Reset-JcSdkSystemUserMfa -Id ok-9 # so that the key is accepted, and all are sent at once
        $before = (Get-SimulatorState).openConnections
        Set-Fault ok-2 '[{"never":true}]'
        Set-Fault ok-3 '[{"never":true}]'
        $result = Invoke-Shell @'
R -Id ok-9
$pipeline = { R -ThrottleLimit 4 -TimeoutSec 3600 -PassThru }.GetSteppablePipeline()
$pipeline.Begin($true)
foreach ($id in 'ok-1', 'ok-2', 'ok-3') { $pipeline.Process($id) }
Start-Sleep 1
$pipeline.Dispose()
"open: $((Invoke-RestMethod "$env:ADMIN/stats").openConnections)"
'@ -Environment @{ ADMIN = $addresses.admin }
        $text = ConvertTo-OneLine $result.Text
        $text | Should -Match 'WARNING: Stopped\. .*It is not known whether these users were reset: ok-2, ok-3\.'
        $text | Should -Match "open: ($before|$($before + 1))$"
    }
}

Describe '-ErrorAction Stop with several in flight' {
    BeforeEach {
        Reset-Configuration
        Reset-JcSdkSystemUserMfa -Id ok-9 # so that the key is accepted, and all are sent at once
        Set-Fault ok-2 '[{"status":404,"delayMs":1000}]'
        Set-Fault ok-3 '[{"never":true}]'
        Set-Fault ok-5 '[{"status":404}]'
    }

    It 'says once, in the error that ends it, what became of the others: <_>' -ForEach '-ErrorAction Stop', '-ErrorAction Stop -WarningAction SilentlyContinue' {
        $result = Invoke-Runspace "try { 'ok-1','ok-2','ok-3','ok-4','ok-5' | R -ThrottleLimit 8 -TimeoutSec 3600 $_ } catch { `"`$_`" }; `$Error.Count"
        $result.Output[0] | Should -Match '^User ''ok-2'' was not reset: .*\. Stopped\. Of the users that came in, the first 2 are done; the last of them is ok-2\. These users were reset as well, though their results may not have been shown: ok-4\. It is not known whether these users were reset: ok-3\. These users were refused and not reset: ok-5\.$'
        $result.Output[1] | Should -Be 1
        $result.Warnings | Should -BeNullOrEmpty
    }
}

Describe 'Ctrl+C' -Skip:$IsWindows {
    BeforeEach { Reset-Configuration }

    It 'ends the command at once, with the warning' {
        Set-Fault ok-1 '[{"never":true}]'
        $process = Start-Shell "Reset-JcSdkSystemUserMfa -Id ok-1 -TimeoutSec 3600; 'not reached'"
        $text = $process.StandardOutput.ReadToEndAsync()
        try {
            Wait-Until { @(Get-Arrived).Count -eq 1 }
            sh -c "kill -INT $($process.Id)"
            $process.WaitForExit(30000) | Should -BeTrue
        }
        finally { if (-not $process.HasExited) { $process.Kill($true) } }
        $text.Result | Should -Match 'not known whether these users were reset:\s+ok-1\.'
        $text.Result | Should -Not -Match 'not reached'
    }
}
