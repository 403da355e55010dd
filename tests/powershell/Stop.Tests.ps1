# Ctrl+C and its kin: the prompt is back, connections are closed, and whoever is in doubt is named.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'What BeforeAll sets, It reads.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $addresses = Start-Simulator

    function Wait-Until([scriptblock]$Condition) {
        $limit = [DateTime]::UtcNow.AddSeconds(30)
        while (-not (& $Condition)) {
            if ([DateTime]::UtcNow -gt $limit) { throw "It did not happen in 30 s: $Condition" }
            Start-Sleep -Milliseconds 20
        }
    }
    # Runs the code in a runspace, stops it once the first result is out and $Count requests have arrived, and gives its
    # warnings and results.
    function Invoke-Stopped([string]$Form, [int]$Count) {
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; Set-Alias R Reset-JcSdkSystemUserMfa; $Form")
        $output = [Management.Automation.PSDataCollection[psobject]]::new()
        $running = $shell.BeginInvoke([Management.Automation.PSDataCollection[psobject]]::new(), $output)
        Wait-Until { $output.Count -ge 1 -and @(Get-Arrived).Count -ge $Count }
        $shell.Stop()
        # Only then its thread is done with the runspace, which Dispose takes away.
        try { $null = $shell.EndInvoke($running) }
        catch { "$($_.Exception.GetBaseException().GetType().Name)" | Should -Be PipelineStoppedException }
        [pscustomobject]@{ Warnings = @($shell.Streams.Warning | ForEach-Object { $_.Message }); Errors = @($shell.Streams.Error | Where-Object FullyQualifiedErrorId -NE PipelineStopped); Output = @($output) }
        $shell.Dispose()
    }
}
AfterAll { Stop-Simulator }

Describe 'A stop' {
    BeforeEach { Reset-Configuration }

    It 'returns long before the answer, closes the connection and names the user in doubt' {
        $before = (Get-SimulatorState).openConnections
        Set-Fault ok-2 '[{"never":true}]'
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $result = Invoke-Stopped '"ok-1","ok-2","ok-3" | R -PassThru -TimeoutSec 3600' 2
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 40
        $result.Output.Count | Should -Be 1
        $result.Warnings.Count | Should -Be 1
        $result.Warnings[0] | Should -Match 'not known whether these users were reset: ok-2\.'
        $result.Errors | Should -BeNullOrEmpty
        Wait-Until { (Get-SimulatorState).openConnections -le $before }
        (Get-Arrived).id | Should -Be 'ok-1', 'ok-2'
    }

    It 'with several on their way names each of them, and tells who was reset unseen' {
        Set-Fault ok-2 '[{"never":true}]'
        Set-Fault ok-4 '[{"never":true}]'
        $result = Invoke-Stopped '"ok-1","ok-2","ok-3","ok-4" | R -ThrottleLimit 4 -TimeoutSec 3600 -Detailed' 4
        $unknown = $result.Warnings -match 'not known whether' -join ''
        $unknown | Should -Match '\bok-2\b'
        $unknown | Should -Match '\bok-4\b'
        # Those that were answered may have been shown before the stop; none is lost.
        $named = @($result.Output.UserId) + @([regex]::Matches($result.Warnings -join ' ', 'ok-\d').Value)
        $named | Sort-Object | Should -Be 'ok-1', 'ok-2', 'ok-3', 'ok-4'
    }

    It 'names them also where its warnings lead into what has ended: <_>' -ForEach '3>&1', '-WarningAction Stop' {
        # All three are handed over before the first is answered; ok-3 is reset, and its result waits behind ok-2.
        Set-Fault ok-1 '[{"delayMs":3000}]'
        Set-Fault ok-2 '[{"never":true}]'
        $arrived = "@(Invoke-RestMethod $($addresses.admin)/log | ForEach-Object { `$_ }).Count"
        $wait = "ForEach-Object { for (`$n = 0; `$n -lt 500 -and $arrived -lt 3; `$n++) { Start-Sleep -Milliseconds 20 }; Start-Sleep 2; `$_ }"
        $result = Invoke-Shell "'ok-1','ok-2','ok-3' | R -PassThru -ThrottleLimit 3 -TimeoutSec 3600 $_ | $wait | Select-Object -First 1"
        $text = ConvertTo-OneLine $result.Text
        $text | Should -Match '^True'
        $text | Should -Match 'not known whether these users were reset: ok-2\.'
        $text | Should -Match 'reset as well, though their results were not shown: ok-3\.'
    }

    It 'says nothing where nobody is in doubt' {
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; 'ok-1','ok-2' | Reset-JcSdkSystemUserMfa -PassThru | Select-Object -First 1")
        $shell.Invoke() | Should -BeTrue
        $shell.Streams.Warning | Should -BeNullOrEmpty
        $shell.Dispose()
    }

    It 'by -ErrorAction Stop with several on their way tells what became of the others' {
        Set-Fault ok-2 '[{"status":404,"delayMs":2000}]'
        Set-Fault ok-3 '[{"never":true}]'
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; 'ok-1','ok-2','ok-3' | Reset-JcSdkSystemUserMfa -ThrottleLimit 3 -TimeoutSec 3600 -ErrorAction Stop")
        { $shell.Invoke() } | Should -Throw
        $shell.Streams.Warning | ForEach-Object { $_.Message } | Should -Match 'not known whether these users were reset: ok-3\.'
        $shell.Dispose()
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
