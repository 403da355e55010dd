# What a later command in the pipeline does has the same effect as after a compiled cmdlet.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeDiscovery {
    # C is the command, $ids are ok-1 to ok-5, and the server does not know the user bad.
    $forms = @(
        @{ Name = 'break'; Form = 'foreach ($x in 1, 2) { "in $x"; $ids | C | ForEach-Object { if ($_.UserId -eq "ok-3") { break }; $_.UserId } }; "after"' }
        @{ Name = 'continue'; Form = 'foreach ($x in 1, 2) { "in $x"; $ids | C | ForEach-Object { if ($_.UserId -eq "ok-3") { continue }; $_.UserId }; "not reached" }; "after"' }
        @{ Name = 'continue at a failed user'; Form = 'foreach ($x in 1) { "ok-1", "bad", "ok-2" | C | ForEach-Object { if ($_.UserId -eq "bad") { continue }; $_.UserId } }; "after"' }
        @{ Name = 'break with a label'; Form = ':out foreach ($x in 1, 2) { while ($true) { $ids | C | ForEach-Object { if ($_.UserId -eq "ok-2") { break out }; $_.UserId } } }; "after"' }
        @{ Name = 'continue with a label'; Form = ':out foreach ($x in 1, 2) { while ($true) { $ids | C | ForEach-Object { if ($_.UserId -eq "ok-2") { continue out }; $_.UserId } } }; "after"' }
        @{ Name = 'break at an error in the output'; Form = 'foreach ($x in 1) { "bad", "ok-1" | C 2>&1 | ForEach-Object { if ($_ -is [Management.Automation.ErrorRecord]) { break }; $_.UserId } }; "after"' }
        @{ Name = 'return'; Form = '$ids | C | ForEach-Object { if ($_.UserId -eq "ok-2") { return }; $_.UserId }; "after"' }
        @{ Name = 'throw, caught'; Form = 'try { $ids | C | ForEach-Object { if ($_.UserId -eq "ok-2") { throw "mine" }; $_.UserId } } catch { "$_" }; "after"' }
        @{ Name = 'throw of an exception, caught by its type'; Form = 'try { $ids | C | ForEach-Object { throw [IO.IOException]::new("mine") } } catch [IO.IOException] { $_.Exception.Message }; "after"' }
        @{ Name = 'throw'; Form = '$ids | C | ForEach-Object { if ($_.UserId -eq "ok-2") { throw "mine" }; $_.UserId }; "not reached"' }
        @{ Name = 'throw with -ErrorAction SilentlyContinue'; Form = '$ids | C -ErrorAction SilentlyContinue | ForEach-Object { if ($_.UserId -eq "ok-2") { throw "mine" }; $_.UserId }; "not reached"' }
        @{ Name = 'a command that fails'; Form = 'try { $ids | C | ForEach-Object { if ($_.UserId -eq "ok-2") { Get-Variable none -ErrorAction Stop }; $_.UserId } } catch { $_.FullyQualifiedErrorId }; "after"' }
        @{ Name = 'a method that fails'; Form = '$ids | C | ForEach-Object { [int]::Parse("x"); $_.UserId }; "after"' }
        @{ Name = 'Select-Object -First'; Form = '$ids | C | Select-Object -First 2 | ForEach-Object UserId; "after $?"' }
        @{ Name = 'an error'; Form = '"ok-1", "bad", "ok-2" | C | ForEach-Object UserId; "after"; $null = "bad" | C; "and $?"' }
        @{ Name = 'an error with -ErrorAction Stop, caught'; Form = 'try { "ok-1", "bad", "ok-2" | C -ErrorAction Stop | ForEach-Object UserId } catch { $_.FullyQualifiedErrorId -replace ",.*" }; "after"' }
        @{ Name = 'an error with -ErrorAction Stop'; Form = '"ok-1", "bad", "ok-2" | C -ErrorAction Stop | ForEach-Object UserId; "not reached"' }
        @{ Name = 'an error with $ErrorActionPreference Stop'; Form = '$ErrorActionPreference = "Stop"; try { "ok-1", "bad", "ok-2" | C | ForEach-Object UserId } catch { $_.FullyQualifiedErrorId -replace ",.*" }; "after"' }
        @{ Name = '-ErrorVariable'; Form = '"ok-1", "bad" | C -ErrorAction SilentlyContinue -ErrorVariable caught | ForEach-Object UserId; "$($caught.Count) $($caught[0].TargetObject)"' }
        @{ Name = '-OutVariable'; Form = '$ids | C -OutVariable all | Select-Object -First 2 | ForEach-Object UserId; "$($all.UserId)"' }
        @{ Name = '-PipelineVariable'; Form = '$ids | C -PipelineVariable user | ForEach-Object { "$($user.UserId)" }' }
        @{ Name = '-PipelineVariable of a command before it'; Form = '$ids | ForEach-Object { $_ } -PipelineVariable id | C | ForEach-Object { "$id $($_.UserId)" }' }
    )
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $null = Start-Simulator
    Add-Type -TypeDefinition @'
using System;
using System.Collections.Generic;
using System.Management.Automation;

[Cmdlet("Write", "Compiled")]
public class WriteCompiled : PSCmdlet
{
    public static readonly List<string> Seen = new List<string>();

    [Parameter(ValueFromPipeline = true)]
    public string Id { get; set; }

    protected override void ProcessRecord()
    {
        Seen.Add(Id);
        var result = new PSObject();
        result.Properties.Add(new PSNoteProperty("UserId", Id));
        WriteObject(result);
        if (Id == "bad") WriteError(new ErrorRecord(new InvalidOperationException(Id), "User.NotFound", ErrorCategory.ObjectNotFound, Id));
    }
}
'@

    # What the caller sees: output, what was thrown, $Error without the one that the test's own call adds, and the error stream.
    function Invoke-Caller([string]$Form) {
        $shell = [powershell]::Create()
        $null = $shell.AddCommand('Import-Module').AddParameter('Assembly', [WriteCompiled].Assembly).AddStatement()
        $null = $shell.AddScript("Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; `$ids = 'ok-1', 'ok-2', 'ok-3', 'ok-4', 'ok-5'").Invoke()
        $shell.Commands.Clear()
        $null = $shell.AddScript($Form)
        $output = [Management.Automation.PSDataCollection[psobject]]::new()
        $thrown = try { $null = $shell.Invoke([Management.Automation.PSDataCollection[psobject]]::new(), $output) } catch { $_.Exception.InnerException.GetType().Name }
        $ids = { $_ | Where-Object { $_ -is [Management.Automation.ErrorRecord] } | ForEach-Object { $_.FullyQualifiedErrorId -replace ',(Reset-JcSdkSystemUserMfa|WriteCompiled)$' } }
        "out: $output"
        "thrown: $thrown"
        "`$Error: $($shell.Runspace.SessionStateProxy.GetVariable('Error') | ForEach-Object $ids)"
        "stream: $($shell.Streams.Error | ForEach-Object $ids)"
        "warnings: $($shell.Streams.Warning)"
        $shell.Dispose()
    }
}
AfterAll { Stop-Simulator }

Describe 'The pipeline after the command' {
    BeforeEach {
        Reset-Configuration
        Set-Fault bad '{"steps":[{"status":404}],"repeat":true}'
        [WriteCompiled]::Seen.Clear()
    }

    It 'has the same effect as after a compiled cmdlet: <Name>' -ForEach $forms {
        $expected = Invoke-Caller ($Form -creplace '\bC\b', 'Write-Compiled')
        Invoke-Caller ($Form -creplace '\bC\b', 'Reset-JcSdkSystemUserMfa -Detailed') | Should -Be $expected
        (Get-Arrived).id | Should -Be ([WriteCompiled]::Seen.ToArray())
    }

    It 'ends several requests in flight, and the warning names their users: <_>' -ForEach 'break', 'throw "mine"' {
        # All four are in flight at once, because the key was accepted before.
        Reset-JcSdkSystemUserMfa -Id ok-9
        Set-Fault ok-1 '[{"delayMs":1000}]'
        foreach ($n in 3, 4) { Set-Fault "ok-$n" '[{"never":true}]' }
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-ModulePath)/JumpCloudApiSdkV1.psd1'; foreach (`$x in 1) { 1..4 | ForEach-Object { `"ok-`$_`" } | Reset-JcSdkSystemUserMfa -Detailed -ThrottleLimit 4 | ForEach-Object { if (`$_.UserId -eq 'ok-2') { $_ } } }")
        try { $null = $shell.Invoke() }
        catch { $_.Exception.InnerException.Message | Should -Be 'mine' }
        @($shell.Streams.Warning).Count | Should -Be 1
        "$($shell.Streams.Warning)" | Should -Be 'Stopped. Of the users that came in, the first 2 are done; the last of them is ok-2. It is not known whether these users were reset: ok-3, ok-4.'
        $shell.Dispose()
    }
}
